/**
 * What is in log entries: envelope, redo record, page delta, and records joined. FUZZ_FACTOR=100 runs a hundred times as long;
 * FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32 } from '../../src/base/crc32.ts';
import { decodeRedo, encodeRedo } from '../../src/redo/codec.ts';
import { applyDelta, applyZeroDelta, makeDelta } from '../../src/redo/delta.ts';
import { decodeEnvelope, encodeEnvelope } from '../../src/redo/envelope.ts';
import { mergeRecords } from '../../src/redo/merge.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import type { PageForm, RedoPage, RedoRecord } from '../../src/redo/record.ts';
import { bytes, fuzz, record, tried, u32 } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

const KNOWN = new Set([1, 7]);
const HEAD_BYTES = 29;
const ROW_BYTES = 17;

fuzz({
  name: 'the decoder of envelopes',
  valid: fc.array(record({ kind: fc.constantFrom(1, 7), mustUnderstand: fc.boolean(), bytes }), {
    maxLength: 5,
  }),
  encode: encodeEnvelope,
  decode: (some) => decodeEnvelope(some, KNOWN),
  codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
});

const hash = record({ hi: u32, lo: u32 });
const PAGE_SIZE = 512;

/** Records as a leader of ill will could write them: whatever the types allow, with deltas that may be none. */
const page: fc.Arbitrary<Omit<RedoPage, 'pgno'>> = fc
  .constantFrom<PageForm>('whole', 'delta', 'zero-delta')
  .chain((form) =>
    record({
      hash,
      form: fc.constant(form),
      bytes:
        form === 'whole' ? fc.nat(255).map((fill) => new Uint8Array(PAGE_SIZE).fill(fill)) : bytes,
    }),
  );
const redo: fc.Arbitrary<RedoRecord> = fc.array(page, { maxLength: 4 }).chain((pages) =>
  record({
    pageSize: fc.constant(PAGE_SIZE),
    databasePages: fc.integer({ min: 10, max: 20 }),
    checksumBefore: hash,
    checksumAfter: hash,
    pages: fc.constant(pages.map((one, i) => ({ pgno: i * 2 + 1, ...one }))),
  }),
);

/** Makes the checksum of the page table right again. */
function sealTable(some: Uint8Array): void {
  if (some.length < HEAD_BYTES) return;
  const view = new DataView(some.buffer, some.byteOffset, some.length);
  const end = HEAD_BYTES + view.getUint32(HEAD_BYTES - 4) * ROW_BYTES;
  if (end + 4 <= some.length) view.setUint32(end, crc32(some.subarray(0, end)));
}

fuzz({
  name: 'the decoder of redo records',
  valid: redo,
  encode: encodeRedo,
  decode: decodeRedo,
  codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
  seal: sealTable,
});

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
