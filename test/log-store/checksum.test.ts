import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 as portable } from '../../src/base/crc32.ts';
import { crc32 } from '../../src/log-store/checksum.ts';

test('both ways to the checksum of a record agree for all lengths and seeds', () => {
  const bytes = Uint8Array.from({ length: 700 }, (_, i) => i * 31 + (i >> 3));
  for (let length = 0; length <= bytes.length; length += 7) {
    const part = bytes.subarray(3, 3 + length);
    for (const seed of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff]) {
      assert.equal(crc32(part, seed), portable(part, seed), `${length} bytes, seed ${seed}`);
    }
  }
});
