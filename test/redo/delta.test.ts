import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PacelineError } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { applyDelta, applyZeroDelta, makeDelta, makeZeroDelta } from '../../src/redo/delta.ts';
import { randomPage } from './pages.ts';

const pageSizes = fc.constantFrom(512, 1024, 4096, 65536);
const edits = fc.array(fc.tuple(fc.nat(), fc.nat({ max: 40 }), fc.nat({ max: 255 })), {
  maxLength: 30,
});

function edited(base: Uint8Array, changes: readonly (readonly [number, number, number])[]) {
  const image = base.slice();
  for (const [at, length, value] of changes) {
    const from = at % image.length;
    image.fill(value, from, Math.min(image.length, from + length));
  }
  return image;
}

test('a delta leads from any base to any image, and is worth it', () => {
  fc.assert(
    fc.property(pageSizes, fc.nat(), edits, (size, seed, changes) => {
      const base = randomPage(new Prng(seed), size);
      const image = edited(base, changes);
      const delta = makeDelta(base, image);
      if (delta === null) return;
      assert.ok(delta.length <= (size * 3) / 4);
      const kept = base.slice();
      assert.deepEqual(applyDelta(base, delta), image);
      assert.deepEqual(base, kept, 'the base was changed');
    }),
  );
});

test('a delta against zeros leads to any image, and is worth it', () => {
  fc.assert(
    fc.property(pageSizes, edits, (size, changes) => {
      const image = edited(new Uint8Array(size), changes);
      const delta = makeZeroDelta(image);
      assert.deepEqual(delta, makeDelta(new Uint8Array(size), image));
      if (delta === null) return;
      assert.ok(delta.length <= (size * 3) / 4);
      assert.deepEqual(applyZeroDelta(size, delta), image);
    }),
  );
});

test('a small change makes a small delta with known bytes', () => {
  const base = randomPage(new Prng(1), 4096);
  const image = base.slice();
  image.set([1, 2, 3, 4], 8);
  image.set([5, 6, 7, 8], 8 + 300 * 4);
  image.set([9, 9, 9, 9], 8 + 302 * 4);
  base.fill(0, 8 + 300 * 4, 8 + 304 * 4);
  base.fill(0, 8, 12);
  image.fill(0, 8 + 301 * 4, 8 + 302 * 4);
  image.fill(0, 8 + 303 * 4, 8 + 304 * 4);
  const expected = [2, 1, 1, 2, 3, 4, 0xab, 2, 3, 5, 6, 7, 8, 0, 0, 0, 0, 9, 9, 9, 9];
  assert.deepEqual([...(makeDelta(base, image) ?? [])], expected);
});

test('equal pages make an empty delta, different ones none', () => {
  const prng = new Prng(2);
  const page = randomPage(prng, 4096);
  assert.equal(makeDelta(page, page.slice())?.length, 0);
  assert.equal(makeZeroDelta(new Uint8Array(512))?.length, 0);
  assert.equal(makeDelta(page, randomPage(prng, 4096)), null);
  assert.equal(makeZeroDelta(page), null);
});

test('pages at odd addresses make the same deltas', () => {
  const memory = randomPage(new Prng(3), 4096);
  const base = memory.subarray(1, 1025);
  const image = memory.slice(0, 1026).subarray(2);
  image.set(base);
  image[500]! ^= 255;
  const delta = makeDelta(base, image);
  assert.equal(delta?.length, 6);
  assert.deepEqual(applyDelta(base, delta), Uint8Array.from(image));
});

test('arbitrary bytes as a delta give a page or RECORD_DAMAGED, nothing else', () => {
  const base = randomPage(new Prng(4), 512);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 700 }), (delta) => {
      try {
        assert.equal(applyDelta(base, delta).length, 512);
      } catch (error) {
        assert.ok(error instanceof PacelineError, String(error));
        assert.equal(error.code, 'RECORD_DAMAGED');
      }
    }),
    { numRuns: 2000 },
  );
});

test('each way in which a delta can be malformed is refused', () => {
  const refused = (delta: readonly number[], why: RegExp) => {
    const matches = { code: 'RECORD_DAMAGED', message: why };
    assert.throws(() => applyZeroDelta(512, Uint8Array.from(delta)), matches);
  };
  refused([0], /cut/);
  refused([0, 1, 1, 2, 3], /cut/);
  refused([0, 0], /empty/);
  refused([128, 0, 1, 1, 1, 1, 1], /badly/);
  refused([255, 255, 255, 0], /badly/);
  refused([127, 2, 1, 1, 1, 1, 1, 1, 1, 1], /outside/);
  refused([128, 128, 127, 1, 1, 1, 1, 1], /outside/);
  assert.equal(applyZeroDelta(512, Uint8Array.of(127, 1, 1, 1, 1, 1))[511], 1);
});
