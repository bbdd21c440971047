import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Defaults } from '../../../proof/chaos/defaults.ts';
import { defaultDurabilities } from '../../../proof/chaos/limits.ts';
import { mayBeLost } from '../../../src/api/durability.ts';

test('a write may have asked for what its member had when it was called, and for what that was given meanwhile', () => {
  let time = 1;
  const defaults = new Defaults(['a', 'b'], 'quorum', () => time++);
  defaults.set('a', 'local'); // at 3
  defaults.set('a', 'all'); // at 4
  assert.equal(defaults.of('a'), 'all');
  assert.deepEqual(defaults.since(2, 'a'), ['quorum', 'local', 'all']);
  assert.deepEqual(defaults.since(3.5, 'a'), ['local', 'all']);
  assert.deepEqual(defaults.since(5, 'a'), ['all']);
  assert.deepEqual(defaults.since(5, null), ['all', 'quorum']);
});

test('clusters are given defaults of which a failover may discard some, and never the others', () => {
  for (const members of [
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'd', 'e'],
  ]) {
    const { weak, strong } = defaultDurabilities(members);
    for (const one of weak) assert.ok(mayBeLost(one, members.length), `${one}`);
    for (const one of strong) assert.ok(!mayBeLost(one, members.length), `${one}`);
  }
});
