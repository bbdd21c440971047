/**
 * What is in log entries: envelope, redo record, page delta, and records joined. FUZZ_FACTOR=100 runs a hundred times as long;
 * FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyDelta, applyZeroDelta, makeDelta } from '../../src/redo/delta.ts';
import { mergeRecords } from '../../src/redo/merge.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { PAGE_SIZE, redo } from './decoders/redo.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

test('a damaged delta makes a page of the right size, or is refused, and leaves its base alone', () => {
  const property = fc.property(
    fc.nat(255),
    fc.array(fc.nat(511), { maxLength: 20 }),
    edits,
    (fill, places, changes) => {
      const base = new Uint8Array(PAGE_SIZE).fill(fill);
      const image = base.slice();
      for (const place of places) image[place] = place;
      const delta = damaged(makeDelta(base, image)!, changes);
      for (const apply of [() => applyDelta(base, delta), () => applyZeroDelta(PAGE_SIZE, delta)]) {
        const made = tried(apply, ['RECORD_DAMAGED']);
        if (made !== null) assert.equal(made.value.length, PAGE_SIZE);
      }
      assert.deepEqual(base, new Uint8Array(PAGE_SIZE).fill(fill));
    },
  );
  fc.assert(property, parameters(1500));
});

test('any records, joined, give pages that fit, or are refused as damaged or diverged', () => {
  const hasher = new PageHasher();
  const base = () => new Uint8Array(PAGE_SIZE);
  const property = fc.property(
    fc.array(redo, { minLength: 1, maxLength: 3 }),
    fc.boolean(),
    (records, chained) => {
      const list = chained
        ? records.map((one, i) => ({
            ...one,
            checksumBefore: records[i - 1]?.checksumAfter ?? one.checksumBefore,
          }))
        : records;
      const merged = tried(
        () => mergeRecords(list, base, hasher),
        ['RECORD_DAMAGED', 'DATABASE_DIVERGED'],
      );
      for (const { image } of merged?.value.pages.values() ?? [])
        assert.equal(image.length, PAGE_SIZE);
    },
  );
  fc.assert(property, parameters(1500));
});
