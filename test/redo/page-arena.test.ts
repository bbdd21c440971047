import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PageArena } from '../../src/redo/page-arena.ts';

test('rooms taken between two resets never overlap, also beyond one slab', () => {
  for (const pageSize of [512, 65_536]) {
    const arena = new PageArena(pageSize);
    for (let round = 0; round < 2; round++) {
      arena.reset();
      const rooms = Array.from({ length: 2 ** 21 / pageSize + 3 }, () => arena.take());
      for (const [i, room] of rooms.entries()) room.fill(i % 251);
      for (const [i, room] of rooms.entries()) {
        assert.equal(room.length, pageSize);
        assert.ok(room.every((byte) => byte === i % 251));
      }
    }
  }
});
