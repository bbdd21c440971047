import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';

test('a seed gives the same numbers for ever: runs are named by it', () => {
  const prng = new Prng(1);
  assert.deepEqual([prng.next(), prng.next(), prng.next()], [2693262067, 11749833, 2265367787]);
});

test('between has both ends, all that lies between them, and nothing else', () => {
  const prng = new Prng(7);
  const seen = new Set(Array.from({ length: 500 }, () => prng.between(-2, 3)));
  assert.deepEqual(
    [...seen].sort((a, b) => a - b),
    [-2, -1, 0, 1, 2, 3],
  );
  assert.equal(prng.between(5, 5), 5);
  assert.throws(() => prng.between(2, 1), /empty range/);
});

test('chance is never, always, or about as often as asked', () => {
  const prng = new Prng(9);
  const hits = (p: number) => Array.from({ length: 4_000 }, () => prng.chance(p)).filter(Boolean);
  assert.equal(hits(0).length, 0);
  assert.equal(hits(1).length, 4_000);
  assert.ok(Math.abs(hits(0.25).length - 1_000) < 150);
});
