import { assert } from '../base/assert.ts';
import { crc32 } from './checksum.ts';

/**
 * A segment is a header followed by records. A record is 36 bytes of header and a body:
 *
 *   0  u32  CRC-32 of bytes 4..35, continued from salt XOR the record's offset in the file
 *   4  u32  CRC-32 of the body
 *   8  u32  length of the body
 *  12  u32  offset at which the flush began that wrote this record
 *  16  u8   type; u8 flags; u16 zero
 *  20  u64  index
 *  28  u64  term
 *
 * The salt is random for each segment. With the offset it makes a record valid in one place of one
 * file only, so bytes of an earlier use of the disk, or a log kept as data in an entry, never pass
 * for records. The length is covered by the header's own checksum and therefore safe to follow.
 *
 * The log is what the records say when they are read in order:
 * - `start`, first in each segment: id of the entry before, the hard state, where the segment
 *   before ended;
 * - `entry`: index is one more than the last;
 * - `truncate`: forget the entries from index on. Appended like everything else, so it takes effect
 *   in
 *   order with what follows it and needs no sync of its own;
 * - `hard-state`: replaces the one before. The last one holds;
 * - `seal`: nothing new, but proof that the flush before it had completed.
 */
export const RECORD_HEADER_BYTES = 36;

export type RecordType = 'start' | 'entry' | 'truncate' | 'hard-state' | 'seal';

const TYPES: readonly RecordType[] = ['start', 'entry', 'truncate', 'hard-state', 'seal'];
const CODES = new Map(TYPES.map((type, at) => [type, at + 1]));

/**
 * On `entry`: a membership stands before the data. On `start`: a new log begins here (creation,
 * reset).
 */
export const FLAG_MEMBERSHIP = 1;
export const FLAG_FRESH = 1;

export interface RecordHeader {
  readonly type: RecordType;
  readonly flags: number;
  readonly bodyBytes: number;
  readonly bodyCrc: number;
  readonly flushOffset: number;
  readonly index: number;
  readonly term: number;
}

/** What the writer of a record supplies; the rest follows from the body's bytes and the place. */
export type RecordFields = Pick<RecordHeader, 'type' | 'flags' | 'index' | 'term'>;

/** Where a buffer of records lies, or will lie, on disk. */
export interface Placement {
  readonly salt: number;
  /** Offset in the file of the buffer's first byte. */
  readonly fileOffset: number;
}

function seedOf(placement: Placement, at: number): number {
  return (placement.salt ^ (placement.fileOffset + at)) >>> 0;
}

/** Puts the header of a record whose body of `bodyBytes` bytes already lies behind it. */
export function putHeader(
  buffer: Uint8Array,
  at: number,
  bodyBytes: number,
  fields: RecordFields,
  placement: Placement,
): void {
  const body = at + RECORD_HEADER_BYTES;
  assert(body + bodyBytes <= buffer.length, 'record past the end of its buffer');
  const view = new DataView(buffer.buffer, buffer.byteOffset + at, RECORD_HEADER_BYTES);
  view.setUint32(4, crc32(buffer.subarray(body, body + bodyBytes)));
  view.setUint32(8, bodyBytes);
  view.setUint32(12, placement.fileOffset);
  view.setUint8(16, CODES.get(fields.type) ?? 0);
  view.setUint8(17, fields.flags);
  view.setUint16(18, 0);
  setU53(view, 20, fields.index);
  setU53(view, 28, fields.term);
  const covered = buffer.subarray(at + 4, body);
  view.setUint32(0, crc32(covered, seedOf(placement, at)));
}

/** The header at `at`, or null where there is none that belongs in this place. Never throws. */
export function readHeader(
  view: DataView,
  bytes: Uint8Array,
  at: number,
  placement: Placement,
): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.length) return null;
  // Cheap checks first: after damage this runs at every offset of a segment.
  const code = view.getUint8(at + 16);
  const type = code === 0 ? undefined : TYPES[code - 1];
  if (type === undefined || view.getUint16(at + 18) !== 0) return null;
  const covered = bytes.subarray(at + 4, at + RECORD_HEADER_BYTES);
  if (view.getUint32(at) !== crc32(covered, seedOf(placement, at))) return null;
  return {
    type,
    flags: view.getUint8(at + 17),
    bodyCrc: view.getUint32(at + 4),
    bodyBytes: view.getUint32(at + 8),
    flushOffset: view.getUint32(at + 12),
    index: getU53(view, at + 20),
    term: getU53(view, at + 28),
  };
}

function setU53(view: DataView, at: number, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, `not an unsigned safe integer: ${value}`);
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value >>> 0);
}

function getU53(view: DataView, at: number): number {
  return view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
}
