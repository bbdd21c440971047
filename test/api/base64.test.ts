import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeBase64, encodeBase64 } from '../../src/api/base64.ts';

test('bytes become the text that the platform makes of them, and come back', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const text = encodeBase64(bytes);
      assert.equal(text, Buffer.from(bytes).toString('base64'));
      assert.deepEqual(decodeBase64(text), bytes);
    }),
  );
  const long = Uint8Array.from({ length: 100_000 }, (_, i) => i);
  assert.deepEqual(decodeBase64(encodeBase64(long)), long);
});

test('a text that is not exactly what is written is refused', () => {
  for (const text of [
    'aGk',
    'aGk==',
    'aG k',
    'aGk=\n',
    'aG-_',
    'aGl=',
    'aR==',
    '=',
    '====',
    'é===',
  ])
    assert.equal(decodeBase64(text), null, text);
});
