import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { addBytes, addFrameWords } from '../../src/wal/checksum.ts';

/** The definition in the format's documentation, word by word, in integers without limit. */
function byDefinition(bytes: Uint8Array, bigEndian: boolean, s0 = 0n, s1 = 0n) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let a = s0;
  let b = s1;
  for (let at = 0; at < bytes.length; at += 8) {
    a = (a + BigInt(view.getUint32(at, !bigEndian)) + b) & 0xffffffffn;
    b = (b + BigInt(view.getUint32(at + 4, !bigEndian)) + a) & 0xffffffffn;
  }
  return { s0: Number(a), s1: Number(b) };
}

function randomBytes(prng: Prng, length: number): Uint8Array {
  return Uint8Array.from({ length }, () => prng.between(0, 255));
}

test('the checksum is the one that the format defines, in both byte orders', () => {
  const prng = new Prng(11);
  for (const length of [8, 24, 40, 512, 520, 4096]) {
    for (const bigEndian of [false, true]) {
      const bytes = randomBytes(prng, length);
      const sum = { s0: 0, s1: 0 };
      addBytes(sum, bytes, bigEndian);
      assert.deepEqual(sum, byDefinition(bytes, bigEndian), `${length} bytes`);
    }
  }
});

test('a known value does not change', () => {
  const sum = { s0: 0, s1: 0 };
  addBytes(sum, Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0, 255, 255, 255, 255, 4, 0, 0, 0), false);
  // 1, then 2 + 1; then 2³² − 1 + 1 + 3, then 3 + 4 + 3, all modulo 2³².
  assert.deepEqual(sum, { s0: 3, s1: 10 });
});

test('the checksum continues where it stopped', () => {
  const bytes = randomBytes(new Prng(12), 1024);
  const whole = { s0: 5, s1: 0xfffffff0 };
  const parts = { ...whole };
  addBytes(whole, bytes, false);
  addBytes(parts, bytes.subarray(0, 24), false);
  addBytes(parts, bytes.subarray(24), false);
  assert.deepEqual(parts, whole);
});

test('bytes at an odd address are summed like all others', () => {
  const memory = randomBytes(new Prng(13), 515);
  const odd = memory.subarray(3);
  const [one, other] = [
    { s0: 0, s1: 0 },
    { s0: 0, s1: 0 },
  ];
  addBytes(one, odd, false);
  addBytes(other, odd.slice(), false);
  assert.deepEqual(one, other);
});

test("a frame's salts and sums are left out of its checksum", () => {
  for (const bigEndian of [false, true]) {
    const frame = randomBytes(new Prng(14), 24 + 512);
    const before = { s0: 1, s1: 2 };
    const after = { s0: 1, s1: 2 };
    addFrameWords(before, new Int32Array(frame.buffer), 0, 134, bigEndian);
    frame.fill(0, 8, 24);
    addFrameWords(after, new Int32Array(frame.buffer), 0, 134, bigEndian);
    assert.deepEqual(before, after);
    const head = byDefinition(frame.subarray(0, 8), bigEndian, 1n, 2n);
    const all = byDefinition(frame.subarray(24), bigEndian, BigInt(head.s0), BigInt(head.s1));
    assert.deepEqual(after, all);
  }
});
