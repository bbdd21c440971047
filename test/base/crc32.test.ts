import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32 } from '../../src/base/crc32.ts';

const ascii = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

test('the value that the standard gives for its check', () => {
  assert.equal(crc32(ascii('123456789')), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test('any division of the bytes comes to the same, whatever their address', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (bytes, at) => {
      const cut = Math.min(at, bytes.length);
      const whole = crc32(bytes);
      assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), whole);
      const moved = new Uint8Array(bytes.length + 1);
      moved.set(bytes, 1);
      assert.equal(crc32(moved.subarray(1)), whole);
    }),
  );
});

test('every flipped bit changes it', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i * 7);
  const sound = crc32(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assert.notEqual(crc32(bytes), sound);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
});
