import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SmallDisk } from '../../../proof/chaos/small-disk.ts';

test('a disk is filled up, also if others take some of what was left meanwhile, and has room again', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-disk-'));
  const disk = SmallDisk.mount(join(dir, 'small'), 2 ** 20);
  t.after(() => {
    disk?.remove();
    rmSync(dir, { recursive: true });
  });
  assert.ok(disk !== null, 'this test needs the right to mount a tmpfs: run it as root, on Linux');
  const whole = disk.freeBytes;
  disk.leave(100_000);
  assert.ok(disk.freeBytes <= 100_000 && disk.freeBytes > 0);
  disk.free();
  // More than there is: as if somebody had written since it was looked at.
  disk.leave(-100_000);
  assert.equal(disk.freeBytes, 0);
  disk.free();
  assert.equal(disk.freeBytes, whole);
});
