import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { hashToHex, type PageHash, PageHasher, sameHash } from '../../src/redo/page-hash.ts';
import { randomPage } from './pages.ts';

const hasher = new PageHasher();
const hashOf = (pgno: number, image: Uint8Array): PageHash => hasher.hash(pgno, image).take();

test('known hashes do not change: they are in logs and on other members', () => {
  const counting = Uint8Array.from({ length: 4096 }, (_, i) => i * 7);
  assert.equal(hashToHex(hashOf(1, counting)), '6dd7291adb94ffd1');
  assert.equal(hashToHex(hashOf(2, new Uint8Array(512))), 'cda46b25ac6020e9');
  assert.equal(hashToHex(hashOf(0xfffffffe, counting.subarray(0, 1024))), 'e4b2b24b92cd194e');
});

test('any change within one word is seen, for all bits of all words', () => {
  const image = randomPage(new Prng(1), 512);
  const clean = hashOf(9, image);
  for (let at = 0; at < 512; at++) {
    for (let flip = 1; flip < 256; flip++) {
      image[at]! ^= flip;
      assert.ok(!sameHash(hashOf(9, image), clean), `byte ${at} by ${flip}`);
      image[at]! ^= flip;
    }
  }
});

test('each changed bit changes about half of the bits of both halves', () => {
  const prng = new Prng(2);
  const flips = new Uint32Array(64);
  const rounds = 4000;
  for (let n = 0; n < rounds; n++) {
    const image = n % 2 === 0 ? randomPage(prng, 512) : new Uint8Array(512);
    const before = hashOf(n, image);
    image[prng.between(0, 511)]! ^= 1 << prng.between(0, 7);
    const after = hashOf(n, image);
    for (let bit = 0; bit < 32; bit++) {
      flips[bit]! += ((before.hi ^ after.hi) >>> bit) & 1;
      flips[32 + bit]! += ((before.lo ^ after.lo) >>> bit) & 1;
    }
  }
  // Six standard deviations of a fair coin; the seed is fixed, so the outcome is, too.
  const allowed = 6 * Math.sqrt(rounds / 4);
  for (const count of flips) assert.ok(Math.abs(count - rounds / 2) < allowed, `${flips}`);
});

test('the page number alone changes the hash', () => {
  const image = new Uint8Array(1024);
  const seen = new Set<string>();
  for (let pgno = 1; pgno <= 5000; pgno++) seen.add(hashToHex(hashOf(pgno, image)));
  assert.equal(seen.size, 5000);
});

test('pages of one repeated word, shifted rows and swapped words all differ', () => {
  const seen = new Set<string>();
  const add = (image: Uint8Array) => seen.add(hashToHex(hashOf(3, image)));
  for (let word = 0; word < 256; word++) add(new Uint8Array(512).fill(word));
  for (let at = 0; at < 508; at++) add(new Uint8Array(512).fill(1, at, at + 4));
  for (let length = 1; length <= 16; length++)
    add(new Uint8Array(512 * 2 ** (length % 4)).fill(length, 0, 7));
  assert.equal(seen.size, 256 + 508 + 16);
});

test('two pages that exchange content do not keep the sum of their hashes', () => {
  const prng = new Prng(3);
  const [one, other] = [randomPage(prng, 512), randomPage(prng, 512)];
  const sum = (first: Uint8Array, second: Uint8Array) => {
    const a = hashOf(1, first);
    const b = hashOf(2, second);
    return { hi: a.hi ^ b.hi, lo: a.lo ^ b.lo };
  };
  const before = sum(one, other);
  assert.notDeepEqual(sum(other, one), before);
  // Only what one pair of lanes sees: the third and fourth word of every four.
  for (let at = 0; at < 512; at += 16) {
    const kept = one.slice(at + 8, at + 16);
    one.set(other.subarray(at + 8, at + 16), at + 8);
    other.set(kept, at + 8);
  }
  assert.notDeepEqual(sum(one, other), before);
});

test('a page at an odd address has the hash of its content', () => {
  const memory = randomPage(new Prng(4), 1024);
  for (let at = 1; at < 4; at++) {
    const odd = memory.subarray(at, at + 512);
    assert.deepEqual(hashOf(1, odd), hashOf(1, odd.slice()));
  }
});
