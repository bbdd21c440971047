import { PacelineError } from '../base/errors.ts';
import { wordsOf } from '../base/words.ts';
import { addFrameWords, type WalChecksum } from './checksum.ts';
import {
  decodeFrameHeader,
  decodeWalHeader,
  FRAME_HEADER_BYTES,
  type FrameHeader,
  frameBytes,
  frameOffset,
  WAL_HEADER_BYTES,
  type WalHeader,
  walHeaderFault,
} from './format.ts';
import type { WalTail } from './frames.ts';
import type { ByteSource, ReadAt } from './source.ts';

/**
 * How much of a WAL is read at a time. Large enough that system calls do not count, small enough to
 * hold.
 */
const CHUNK_BYTES = 1024 * 1024;

/** One frame as a listing knows it. */
export interface FrameInfo {
  /** From 1. */
  readonly frame: number;
  readonly pgno: number;
  /** Size of the database in pages if this is a commit frame, otherwise 0. */
  readonly databasePages: number;
}

/** What follows the last valid commit frame. SQLite ignores all of it. */
export interface WalRest {
  /** Valid frames of a transaction that did not commit. */
  readonly uncommittedFrames: number;
  /** Bytes between the last valid frame (or the header) and the end of the file. */
  readonly bytes: number;
  /** Why the frame there is not valid; null where the file ends. */
  readonly fault: string | null;
}

export interface WalScan {
  /** Null if the file does not begin with a valid header: SQLite takes such a WAL as empty. */
  readonly header: WalHeader | null;
  /** Every frame up to and with the last valid commit frame. */
  readonly frames: readonly FrameInfo[];
  /** For appending behind the last commit; null without a header. */
  readonly tail: WalTail | null;
  readonly rest: WalRest;
}

/**
 * Finds what SQLite's recovery would find: the frames up to the last commit frame whose salts and
 * checksums, and those of all frames before it, are valid. Holds one chunk of the file and a small
 * object per frame.
 */
export function scanWal(source: ByteSource): WalScan {
  const first = source.read(0, WAL_HEADER_BYTES);
  const fault = walHeaderFault(first);
  if (fault !== null) {
    const rest = {
      uncommittedFrames: 0,
      bytes: source.size,
      fault: source.size > 0 ? fault : null,
    };
    return { header: null, frames: [], tail: null, rest };
  }
  return scanFrames(source, decodeWalHeader(first));
}

function scanFrames(source: ByteSource, header: WalHeader): WalScan {
  const sum: WalChecksum = { s0: header.s0, s1: header.s1 };
  const frames: FrameInfo[] = [];
  let fault: string | null = null;
  let committed = 0;
  let tail = tailAt(header, 0, sum);
  for (const { frame, bytes } of rawFrames(source, header.pageSize)) {
    const found = decodeFrameHeader(bytes);
    fault = frameFault(header, found, bytes, sum);
    if (fault !== null) break;
    frames.push({ frame, pgno: found.pgno, databasePages: found.databasePages });
    if (found.databasePages === 0) continue;
    committed = frame;
    tail = tailAt(header, frame, sum);
  }
  const end = frameOffset(header.pageSize, frames.length + 1);
  const bytes = source.size - end;
  if (fault === null && bytes > 0) fault = 'the last frame is cut';
  const uncommittedFrames = frames.length - committed;
  frames.length = committed;
  return { header, frames, tail, rest: { uncommittedFrames, bytes, fault } };
}

/** Advances `sum` over the frame, and says why it is not valid; null if it is. */
function frameFault(
  header: WalHeader,
  found: FrameHeader,
  bytes: Uint8Array,
  sum: WalChecksum,
): string | null {
  if (found.salt1 !== header.salt1 || found.salt2 !== header.salt2) {
    return 'the salts are those of another WAL';
  }
  if (found.pgno === 0) return 'the page number is 0';
  addFrameWords(sum, wordsOf(bytes), 0, bytes.length >>> 2, header.bigEndianChecksum);
  return sum.s0 === found.s0 && sum.s1 === found.s1 ? null : 'the checksum does not fit';
}

/**
 * The whole frames of a file, one after the other; the bytes are valid until the next one is taken.
 */
function* rawFrames(
  source: ByteSource,
  pageSize: number,
): Generator<{ readonly frame: number; readonly bytes: Uint8Array }> {
  const size = frameBytes(pageSize);
  const perChunk = Math.max(1, Math.floor(CHUNK_BYTES / size));
  for (let frame = 1; ; ) {
    const chunk = source.read(frameOffset(pageSize, frame), perChunk * size);
    const whole = Math.floor(chunk.length / size);
    for (let i = 0; i < whole; i++, frame++) {
      yield { frame, bytes: chunk.subarray(i * size, (i + 1) * size) };
    }
    if (whole < perChunk) return;
  }
}

function tailAt(header: WalHeader, frame: number, sum: WalChecksum): WalTail {
  const { pageSize, salt1, salt2, bigEndianChecksum } = header;
  return { pageSize, salt1, salt2, bigEndianChecksum, frame, s0: sum.s0, s1: sum.s1 };
}

/**
 * The page image of a frame that the wal-index or a listing names. Throws DATABASE_DAMAGED if it is
 * not there.
 */
export function readImage(read: ReadAt, pageSize: number, frame: number): Uint8Array {
  const image = read(frameOffset(pageSize, frame) + FRAME_HEADER_BYTES, pageSize);
  if (image.length === pageSize) return image;
  const why = `the WAL ends before frame ${frame}; rebuild this member's database from the others`;
  throw new PacelineError('DATABASE_DAMAGED', why);
}
