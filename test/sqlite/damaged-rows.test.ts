import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cellsOf } from '../../src/sqlite/btree.ts';
import { rowChanges } from '../../src/sqlite/row-changes.ts';

const PAGE_SIZE = 512;

/** A leaf page with one row, whose record is said to have so many bytes, the first 40 of them here and others behind `next`. */
function leaf(varint: readonly number[], next: number): Uint8Array {
  const page = new Uint8Array(PAGE_SIZE);
  const view = new DataView(page.buffer);
  page[0] = 0x0d;
  view.setUint16(3, 1);
  view.setUint16(8, 100);
  page.set([...varint, 1], 100);
  for (let at = 100 + varint.length + 1; at + 4 <= PAGE_SIZE; at += 4) view.setUint32(at, next);
  return page;
}

test('a row whose length or pages are damaged is refused, and costs no more than what is there', () => {
  const huge = [0xff, 0xff, 0xff, 0xff, 0x7f];
  const circle = new Uint8Array(PAGE_SIZE);
  new DataView(circle.buffer).setUint32(0, 3);
  for (const next of [3, 0])
    assert.throws(() => cellsOf(leaf(huge, next), 2, PAGE_SIZE, () => circle), {
      name: 'RangeError',
      message: 'the pages of a row break off',
    });
});

test('arbitrary pages have rows, or are refused by an error that can be caught, and never a hang', () => {
  const page = fc.uint8Array({ minLength: PAGE_SIZE, maxLength: PAGE_SIZE }).chain((some) =>
    fc.constantFrom(0x05, 0x0d, 0x02).map((kind) => {
      const image = Uint8Array.from(some);
      image[0] = kind;
      image[100] = kind;
      image[103] = 0;
      image[104] = 3;
      return image;
    }),
  );
  const property = fc.property(fc.array(page, { minLength: 3, maxLength: 5 }), (pages) => {
    const pageOf = (pgno: number) => pages[pgno % pages.length]!;
    try {
      rowChanges(pageOf, (pgno) => pageOf(pgno + 1), [1, 2, 3]);
    } catch (error) {
      assert.ok(error instanceof Error);
    }
  });
  fc.assert(property, { numRuns: 300 });
});
