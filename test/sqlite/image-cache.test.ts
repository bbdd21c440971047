import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ImageCache } from '../../src/sqlite/image-cache.ts';

const PAGE = 512;
const image = (fill: number) => new Uint8Array(PAGE).fill(fill);

test('a page is as it was last put, and the least recently used goes first', () => {
  const pgno = fc.integer({ min: 1, max: 40 });
  const step = fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ op: fc.constant('put' as const), pgno, fill: fc.nat(255) }),
    },
    {
      weight: 5,
      arbitrary: fc.record({ op: fc.constant('get' as const), pgno, fill: fc.constant(0) }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ op: fc.constant('delete' as const), pgno, fill: fc.constant(0) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ op: fc.constant('clear' as const), pgno, fill: fc.constant(0) }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const slots = 20;
      const cache = new ImageCache(PAGE, slots * PAGE);
      const model = new Map<number, number>();
      for (const { op, pgno: page, fill } of steps) {
        const had = model.get(page);
        if (op === 'get') {
          const got = cache.get(page);
          assert.deepEqual(
            got && [got.image[0], got.image[PAGE - 1], got.hi, got.lo],
            had === undefined ? undefined : [had, had, had, had + 1],
          );
        }
        if (op === 'clear') model.clear();
        else model.delete(page);
        if (op === 'get' && had !== undefined) model.set(page, had);
        if (op === 'put') {
          if (had === undefined && model.size === slots) model.delete(model.keys().next().value!);
          model.set(page, fill);
          cache.put(page, image(fill), fill, fill + 1);
        } else if (op === 'delete') cache.delete(page);
        else if (op === 'clear') cache.clear();
        assert.equal(cache.size, model.size);
      }
    }),
    { numRuns: 500 },
  );
});

test('it is bounded in bytes, but never smaller than a few pages', () => {
  for (const [bytesMax, slots] of [
    [1, 16],
    [16 * PAGE, 16],
    [100 * PAGE, 100],
    [2 ** 21, 2 ** 21 / PAGE],
  ] as const) {
    const cache = new ImageCache(PAGE, bytesMax);
    for (let pgno = 1; pgno <= slots + 50; pgno++) cache.put(pgno, image(pgno), pgno, 0);
    assert.equal(cache.size, slots);
    assert.equal(cache.get(50), undefined);
    assert.equal(cache.get(slots + 50)?.hi, slots + 50);
  }
});

test('an image is copied, so that what it was cut from can change', () => {
  const cache = new ImageCache(PAGE, 2 ** 20);
  const bytes = image(1);
  cache.put(1, bytes, 0, 0);
  bytes.fill(9);
  assert.equal(cache.get(1)?.image[0], 1);
  assert.throws(() => cache.put(2, new Uint8Array(PAGE - 1), 0, 0), /an image of 511 bytes/);
});
