import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeUtf8, encodeUtf8 } from '../../src/base/utf8.ts';

test('text becomes the bytes that the platform makes of it, lone surrogates included', () => {
  const encoder = new TextEncoder();
  const check = (text: string) => assert.deepEqual(encodeUtf8(text), encoder.encode(text));
  fc.assert(fc.property(fc.string({ unit: 'binary' }), check));
  const units = fc.array(fc.nat(0xffff)).map((codes) => String.fromCharCode(...codes));
  fc.assert(fc.property(units, check));
});

test('well-formed bytes become their text', () => {
  for (const text of ['', 'a', 'é', '€', '😀', '\u07ff\u0800\uffff', '\u{10000}\u{10ffff}', '\0'])
    assert.equal(decodeUtf8(encodeUtf8(text)), text);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.equal(decodeUtf8(encodeUtf8(text)), new TextDecoder().decode(encodeUtf8(text)));
    }),
  );
});

test('malformed bytes become replacement characters, and what follows is read', () => {
  const malformed = {
    'a continuation alone': [0x80],
    overlong: [0xc0, 0xaf],
    'a surrogate': [0xed, 0xa0, 0x80],
    'beyond Unicode': [0xf4, 0x90, 0x80, 0x80],
    cut: [0xe2, 0x82],
  };
  for (const [name, bytes] of Object.entries(malformed))
    assert.match(decodeUtf8(Uint8Array.of(...bytes, 0x41)), /^\ufffd+A$/, name);
});
