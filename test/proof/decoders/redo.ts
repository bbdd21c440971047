/** What is in log entries, and in the files of lost writes. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { crc32 } from '../../../src/base/crc32.ts';
import { describePayload } from '../../../src/cli/dump-redo.ts';
import { decodeLostFile, encodeLostFile } from '../../../src/member/lost-file.ts';
import { decodeRedo, encodeRedo } from '../../../src/redo/codec.ts';
import { applyDelta, applyZeroDelta, makeDelta } from '../../../src/redo/delta.ts';
import { decodeEnvelope, encodeEnvelope } from '../../../src/redo/envelope.ts';
import type { PageForm, RedoPage, RedoRecord } from '../../../src/redo/record.ts';
import { encodeEntryData, mayBeLost, redoOf } from '../../../src/sqlite/entry-data.ts';
import { bytes, count, entryId, record, text, u32 } from './arbitraries.ts';
import { type Decoder, decoder, ignoreRefusal, reader } from './decoder.ts';
import { sealEnd } from './log.ts';

const KNOWN = new Set([1, 7]);
const HEAD_BYTES = 29;
const ROW_BYTES = 17;

const hash = record({ hi: u32, lo: u32 });
export const PAGE_SIZE = 512;

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
export const redo: fc.Arbitrary<RedoRecord> = fc.array(page, { maxLength: 4 }).chain((pages) =>
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

const value = fc.oneof(fc.constant(null), fc.maxSafeInteger(), text, bytes);
const rowValues = fc.option(fc.array(value, { maxLength: 3 }));
const lostFile = record({
  cluster: text,
  member: text,
  common: entryId,
  pageSize: u32,
  omitted: u32,
  entries: fc.array(
    record({
      id: entryId,
      mayBeAcknowledged: fc.boolean(),
      pages: fc.array(fc.tuple(u32, bytes), { maxLength: 2 }).map((pages) => new Map(pages)),
      payload: bytes,
    }),
    { maxLength: 3 },
  ),
  rows: fc.array(
    record({
      table: text,
      rowid: fc.oneof(count, fc.constant(2n ** 62n)),
      columns: fc.array(text, { maxLength: 3 }),
      before: rowValues,
      after: rowValues,
    }),
    { maxLength: 3 },
  ),
  untold: fc.array(text, { maxLength: 2 }),
});

const delta = fc.array(fc.nat(PAGE_SIZE - 1), { minLength: 1, maxLength: 20 }).map((places) => {
  const image = new Uint8Array(PAGE_SIZE);
  for (const place of places) image[place] = 1 + (place % 255);
  return makeDelta(new Uint8Array(PAGE_SIZE), image)!;
});

export const REDO: readonly Decoder<unknown>[] = [
  decoder({
    name: 'the decoder of envelopes',
    of: ['redo/envelope.ts decodeEnvelope'],
    valid: fc.array(record({ kind: fc.constantFrom(1, 7), mustUnderstand: fc.boolean(), bytes }), {
      maxLength: 5,
    }),
    encode: encodeEnvelope,
    decode: (some) => decodeEnvelope(some, KNOWN),
    codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
  }),
  decoder({
    name: 'the decoder of redo records',
    of: ['redo/codec.ts decodeRedo'],
    valid: redo,
    encode: encodeRedo,
    decode: decodeRedo,
    codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
    seal: sealTable,
  }),
  reader({
    name: 'the payload of an entry',
    of: [
      'sqlite/entry-data.ts redoOf',
      'sqlite/entry-data.ts mayBeLost',
      'cli/dump-redo.ts describePayload',
    ],
    valid: fc.tuple(redo, fc.boolean()).map(([one, lost]) => encodeEntryData(one, lost)),
    // Each by itself: what one refuses the next one still has to take.
    read: (some) => {
      ignoreRefusal(() => mayBeLost(some));
      ignoreRefusal(() => [...describePayload(some)]);
      redoOf(some);
    },
    codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
  }),
  reader({
    name: 'an envelope without what is needed',
    of: ['sqlite/entry-data.ts redoOf'],
    valid: fc.constant(
      encodeEnvelope([{ kind: 7, mustUnderstand: false, bytes: new Uint8Array(1) }]),
    ),
    read: (some) => ignoreRefusal(() => redoOf(some)),
    codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
  }),
  reader({
    name: 'a delta',
    of: ['redo/delta.ts applyDelta', 'redo/delta.ts applyZeroDelta'],
    valid: delta,
    read: (some) => {
      const size = applyDelta(new Uint8Array(PAGE_SIZE), some).length;
      assert.equal(size, PAGE_SIZE);
      assert.equal(applyZeroDelta(PAGE_SIZE, some).length, PAGE_SIZE);
    },
  }),
  decoder({
    name: 'the decoder of files of lost writes',
    of: ['member/lost-file.ts decodeLostFile'],
    valid: lostFile,
    encode: encodeLostFile,
    decode: decodeLostFile,
    codes: ['RECORD_DAMAGED', 'PROTOCOL_MISMATCH'],
    seal: sealEnd,
  }),
];
