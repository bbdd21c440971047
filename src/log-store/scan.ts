import { crc32 } from './checksum.ts';
import { RECORD_HEADER_BYTES, type RecordHeader, type RecordType, readHeader } from './record.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';

/**
 * Where the valid records of a segment end, and what lies behind.
 * - `clean`: nothing but zeros (the pre-allocated rest) or the end of the file;
 * - `torn`: bytes that can be what a crash left of the last flush;
 * - `damaged`: a record that had been durable is not readable.
 *
 * How torn and damaged are told apart. One flush is written at a time, and the next one begins only
 * when the disk has confirmed the one before. Every record says where its flush began. So when a
 * record cannot be read at X, and anywhere behind X stands the header of a flush that began behind
 * X,
 * then X had been confirmed: damage, and the log is refused. If there is none, X belongs to the
 * last flush.
 * Of that one alone nobody can tell from the bytes whether it was confirmed before it went bad.
 * To keep this case small, a `seal` record follows after a short idle time, at close, and at each
 * open,
 * as a flush of its own. What remains is guaranteed as follows:
 * - no record that was altered is ever returned, in no case;
 * - damage to anything sealed, or followed by a later flush or segment, is refused;
 * - damage to the one unsealed flush (written in the last `sealDelayMs` before a crash) is cut off
 *   like a torn
 *   write, and if it had been acknowledged, this member has forgotten entries or a vote. That takes
 * bit rot
 *   and a crash within that time, and does not lose committed data while a quorum is sound;
 * - the loss of a file's end exactly behind a confirmed record, with all seals, cannot be noticed
 *   in the last segment; in any other it is, by the next segment's `start` record.
 */
export interface SegmentEnd {
  readonly at: number;
  readonly tail: 'clean' | 'torn' | 'damaged';
  /** Type of the record at `at` when its header is still readable. */
  readonly type: RecordType | null;
  /** Why, for the operator. Empty when clean. */
  readonly why: string;
}

export type RecordVisitor = (at: number, header: RecordHeader, body: Uint8Array) => void;

/** Visits the valid records of a whole segment in order and says how it ends. */
export function scanSegment(bytes: Uint8Array, salt: number, visit: RecordVisitor): SegmentEnd {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const placement = { salt, fileOffset: 0 };
  let at = SEGMENT_HEADER_BYTES;
  for (;;) {
    const header = readHeader(view, bytes, at, placement);
    if (header === null) return classifyTail(view, bytes, salt, at, null);
    const end = at + RECORD_HEADER_BYTES + header.bodyBytes;
    const body = bytes.subarray(at + RECORD_HEADER_BYTES, end);
    const whole = end <= bytes.length && crc32(body) === header.bodyCrc;
    if (!whole) return classifyTail(view, bytes, salt, at, header.type);
    visit(at, header, body);
    at = end;
  }
}

function classifyTail(
  view: DataView,
  bytes: Uint8Array,
  salt: number,
  at: number,
  type: RecordType | null,
): SegmentEnd {
  if (isZero(bytes, at)) return { at, tail: 'clean', type, why: '' };
  const later = findLaterFlush(view, bytes, salt, at);
  if (later === null) return { at, tail: 'torn', type, why: 'the last write is incomplete' };
  return {
    at,
    tail: 'damaged',
    type,
    why: `unreadable, but a later write follows at byte ${later}`,
  };
}

/** Offset of the first header behind `at` of a flush that began behind `at`. */
function findLaterFlush(
  view: DataView,
  bytes: Uint8Array,
  salt: number,
  at: number,
): number | null {
  const placement = { salt, fileOffset: 0 };
  for (let i = at + 1; i + RECORD_HEADER_BYTES <= bytes.length; i++) {
    const header = readHeader(view, bytes, i, placement);
    if (header !== null && header.flushOffset > at) return i;
  }
  return null;
}

export function isZero(bytes: Uint8Array, from: number): boolean {
  for (let i = from; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}
