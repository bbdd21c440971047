import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isPageSize } from '../../src/base/page-size.ts';
import { wordsOf } from '../../src/base/words.ts';

test('words are little-endian, a view where aligned and a copy where not', () => {
  const bytes = Uint8Array.of(9, 0, 0, 0, 1, 2, 3, 4, 0xff);
  const aligned = wordsOf(bytes.subarray(0, 8));
  assert.deepEqual([...aligned], [9, 0x04030201]);
  assert.equal(aligned.buffer, bytes.buffer);
  const odd = wordsOf(bytes.subarray(5, 9));
  assert.deepEqual([...odd], [0xff040302 | 0]);
  assert.notEqual(odd.buffer, bytes.buffer);
  assert.throws(() => wordsOf(bytes.subarray(0, 3)), /whole words/);
});

test('page sizes are the powers of two from 512 to 65536', () => {
  for (let size = 512; size <= 65536; size *= 2) assert.equal(isPageSize(size), true);
  for (const size of [0, 1, 256, 1000, 131072, -512, 512.5]) assert.equal(isPageSize(size), false);
});
