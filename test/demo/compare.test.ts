import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { findDifference } from '../../demo/compare.ts';
import { LIMITS } from '../../demo/limits.ts';

let dir: string;

before(() => {
  dir = mkdtempSync(join(tmpdir(), 'paceline-compare-'));
});

after(() => {
  rmSync(dir, { recursive: true });
});

function write(name: string, bytes: Uint8Array): string {
  const path = join(dir, name);
  writeFileSync(path, bytes);
  return path;
}

test('files are compared to their last byte, and one that is longer differs', () => {
  const bytes = new Uint8Array(LIMITS.fileChunkBytes + 10).fill(7);
  const one = write('one', bytes);
  assert.equal(findDifference(one, write('same', bytes)), null);
  const at = LIMITS.fileChunkBytes + 9;
  assert.equal(findDifference(one, write('other', bytes.with(at, 8))), at);
  assert.equal(findDifference(one, write('short', bytes.subarray(0, at))), at);
});
