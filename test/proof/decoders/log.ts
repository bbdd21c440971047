/** The files of the log. */
import fc from 'fast-check';
import { decodeBase, encodeBase } from '../../../src/log-store/base-file.ts';
import { crc32 } from '../../../src/log-store/checksum.ts';
import {
  FLAG_FRESH,
  FLAG_MEMBERSHIP,
  putHeader,
  RECORD_HEADER_BYTES,
  type RecordHeader,
  type RecordType,
  readHeader,
} from '../../../src/log-store/record.ts';
import { decodeEntry, decodeHardState, decodeStart } from '../../../src/log-store/record-body.ts';
import { scanSegment } from '../../../src/log-store/scan.ts';
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '../../../src/log-store/segment-header.ts';
import { bytes, count, entryId, membership, record, u32 } from './arbitraries.ts';
import { type Decoder, decoder, ignoreRefusal, reader } from './decoder.ts';

/** Puts the CRC-32 of all bytes before the last four there. */
export function sealEnd(some: Uint8Array): void {
  if (some.length < 4) return;
  const view = new DataView(some.buffer, some.byteOffset, some.length);
  view.setUint32(some.length - 4, crc32(some.subarray(0, some.length - 4)));
}

const TYPES: readonly RecordType[] = ['start', 'entry', 'truncate', 'hard-state', 'seal'];
export const SALT = 77;

/** A segment of records with any type, flags and body, each in its place and with right checksums: what only a bug could write. */
export function segmentOf(
  records: readonly {
    type: RecordType;
    flags: number;
    index: number;
    term: number;
    body: Uint8Array;
  }[],
): Uint8Array {
  const size = records.reduce(
    (sum, { body }) => sum + RECORD_HEADER_BYTES + body.length,
    SEGMENT_HEADER_BYTES,
  );
  const segment = new Uint8Array(size + 64);
  segment.set(encodeSegmentHeader({ sequence: 1, salt: SALT }));
  let at = SEGMENT_HEADER_BYTES;
  for (const { body, ...fields } of records) {
    segment.set(body, at + RECORD_HEADER_BYTES);
    putHeader(segment, at, body.length, fields, { salt: SALT, fileOffset: 0 });
    at += RECORD_HEADER_BYTES + body.length;
  }
  return segment;
}

const anyRecord = record({
  type: fc.constantFrom(...TYPES),
  flags: fc.nat(3),
  index: fc.oneof(fc.nat(6), count),
  term: fc.oneof(fc.nat(3), count),
  body: bytes,
});
export const segment = fc.array(anyRecord, { maxLength: 6 }).map(segmentOf);

const HEADER = {
  type: 'entry',
  bodyBytes: 0,
  bodyCrc: 0,
  flushOffset: 0,
  index: 1,
  term: 1,
} as const;

export function decodeBody(header: RecordHeader, body: Uint8Array): unknown {
  if (header.type === 'entry') return decodeEntry(header, body);
  if (header.type === 'hard-state') return decodeHardState(header, body);
  return header.type === 'start' ? decodeStart(header, body) : null;
}

/** A membership of one, "a" at "b", and what follows it. */
const BODY = Uint8Array.of(0, 0, 0, 1, 0, 0, 0, 1, 97, 0, 0, 0, 1, 98, 1, 7, 7);
const VOTE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 1, 97);
const START = Uint8Array.of(0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 2, ...VOTE);

export const LOG: readonly Decoder<unknown>[] = [
  decoder({
    name: 'the decoder of segment headers',
    of: ['log-store/segment-header.ts decodeSegmentHeader'],
    valid: record({ sequence: count, salt: u32 }),
    encode: encodeSegmentHeader,
    decode: (some) => decodeSegmentHeader(some, 'file'),
    codes: ['LOG_DAMAGED', 'RECORD_DAMAGED'],
    seal: (some) => {
      if (some.length >= SEGMENT_HEADER_BYTES) sealEnd(some.subarray(0, SEGMENT_HEADER_BYTES));
    },
  }),
  decoder({
    name: 'the decoder of base files',
    of: ['log-store/base-file.ts decodeBase', 'log-store/entry-codec.ts decodeMembership'],
    valid: record({
      base: record({ id: entryId, membership, extra: bytes }),
      firstSegment: count.map((number) => Math.max(1, number)),
    }),
    encode: encodeBase,
    decode: (some) => decodeBase(some, 'file'),
    codes: ['LOG_DAMAGED', 'RECORD_DAMAGED'],
    seal: sealEnd,
  }),
  reader({
    name: 'the decoder of entries in the log',
    of: ['log-store/record-body.ts decodeEntry', 'log-store/entry-codec.ts decodeMembership'],
    valid: fc.constant(BODY),
    read: (some) => decodeEntry({ ...HEADER, flags: FLAG_MEMBERSHIP }, some),
  }),
  reader({
    name: 'the decoder of hard states',
    of: ['log-store/record-body.ts decodeHardState', 'log-store/entry-codec.ts decodeVote'],
    valid: fc.constant(VOTE),
    read: (some) => decodeHardState({ ...HEADER, type: 'hard-state', flags: 0 }, some),
  }),
  reader({
    name: 'the decoder of starts of segments',
    of: ['log-store/record-body.ts decodeStart'],
    valid: fc.constant(START),
    read: (some) => decodeStart({ ...HEADER, type: 'start', flags: FLAG_FRESH }, some),
  }),
  reader({
    name: 'the scan of segments',
    of: ['log-store/scan.ts scanSegment', 'log-store/record.ts readHeader'],
    valid: segment,
    read: (some) => {
      const view = new DataView(some.buffer, some.byteOffset, some.length);
      if (some.length < SEGMENT_HEADER_BYTES) return;
      scanSegment(some, SALT, (at, header, body) => {
        readHeader(view, some, at, { salt: SALT, fileOffset: 0 });
        ignoreRefusal(() => decodeBody(header, body));
      });
    },
  }),
];
