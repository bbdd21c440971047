import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';
import { addBytes, type WalChecksum } from './checksum.ts';
import { decodePageSize, encodePageSize, WAL_VERSION } from './format.ts';
import type { WalTail } from './frames.ts';

/**
 * The head of the wal-index, the content of the -shm file (https://sqlite.org/walformat.html): two
 * copies of a header, then what checkpoints and readers share. Numbers are in the machine's order,
 * the salts are not.
 */
export const WAL_INDEX_HEADER_BYTES = 48;
/** Both copies, the checkpoint fields, and the bytes on which SQLite places its locks. */
export const WAL_INDEX_HEAD_BYTES = 136;

const SUMMED_BYTES = 40;
const BACKFILL_AT = 96;
const READ_MARKS_AT = 100;
const READ_MARKS = 5;
const BACKFILL_ATTEMPTED_AT = 128;

export interface WalIndexHeader {
  /** Goes up with every commit, wraps; tells SQLite's readers that their page cache is old. */
  readonly changeCounter: number;
  readonly bigEndianChecksum: boolean;
  /** 0 while no WAL was begun. */
  readonly pageSize: number;
  /** The last committed frame; 0: the WAL holds none, whatever the file contains. */
  readonly mxFrame: number;
  /** Size of the database in pages, as of mxFrame. */
  readonly databasePages: number;
  /** The running checksum as of mxFrame. */
  readonly s0: number;
  readonly s1: number;
  readonly salt1: number;
  readonly salt2: number;
}

export interface CheckpointInfo {
  /** Frames that are in the main file, durably. */
  readonly nBackfill: number;
  /** Frames that a checkpoint may have begun to copy. */
  readonly nBackfillAttempted: number;
  /** The frame up to which each reader slot reads; 0xffffffff: unused. */
  readonly readMarks: readonly number[];
}

/**
 * Why the head of a wal-index cannot be used, null if it can. A reader that holds no lock can meet
 * a commit half published and should look again; under SQLite's writer lock a fault is damage.
 */
export function walIndexFault(head: Uint8Array): string | null {
  if (head.length < 2 * WAL_INDEX_HEADER_BYTES) return 'the wal-index has no header';
  for (let i = 0; i < WAL_INDEX_HEADER_BYTES; i++) {
    if (head[i] !== head[WAL_INDEX_HEADER_BYTES + i]) return 'the two headers differ';
  }
  const view = viewOf(head);
  if (head[12] === 0) return 'the wal-index is not initialized';
  if (view.getUint32(0, true) !== WAL_VERSION) return 'the format version is unknown';
  const sum = headerChecksum(head);
  const fits = sum.s0 === view.getUint32(40, true) && sum.s1 === view.getUint32(44, true);
  return fits ? null : "the header's checksum does not fit";
}

/**
 * Throws DATABASE_DAMAGED where walIndexFault finds a fault: call it under the writer lock, or when
 * it is null.
 */
export function decodeWalIndexHeader(head: Uint8Array): WalIndexHeader {
  const fault = walIndexFault(head);
  if (fault !== null) {
    const remedy = 'close all connections, remove the -shm file, and start again';
    throw new PacelineError('DATABASE_DAMAGED', `wal-index: ${fault}; ${remedy}`);
  }
  const view = viewOf(head);
  return {
    changeCounter: view.getUint32(8, true),
    bigEndianChecksum: view.getUint8(13) !== 0,
    pageSize: decodePageSize(view.getUint16(14, true)),
    mxFrame: view.getUint32(16, true),
    databasePages: view.getUint32(20, true),
    s0: view.getUint32(24, true),
    s1: view.getUint32(28, true),
    salt1: view.getUint32(32),
    salt2: view.getUint32(36),
  };
}

/** One copy of the header. */
export function encodeWalIndexHeader(header: WalIndexHeader): Uint8Array {
  const bytes = new Uint8Array(WAL_INDEX_HEADER_BYTES);
  const view = viewOf(bytes);
  view.setUint32(0, WAL_VERSION, true);
  view.setUint32(8, header.changeCounter, true);
  view.setUint8(12, 1);
  view.setUint8(13, header.bigEndianChecksum ? 1 : 0);
  view.setUint16(14, encodePageSize(header.pageSize), true);
  view.setUint32(16, header.mxFrame, true);
  view.setUint32(20, header.databasePages, true);
  view.setUint32(24, header.s0, true);
  view.setUint32(28, header.s1, true);
  view.setUint32(32, header.salt1);
  view.setUint32(36, header.salt2);
  const sum = headerChecksum(bytes);
  view.setUint32(40, sum.s0, true);
  view.setUint32(44, sum.s1, true);
  return bytes;
}

/** The header that publishes a commit which ends at `tail`. */
export function nextWalIndexHeader(
  header: WalIndexHeader,
  tail: WalTail,
  databasePages: number,
): WalIndexHeader {
  assert(tail.frame > header.mxFrame, 'a commit adds frames');
  const { pageSize, bigEndianChecksum, s0, s1, salt1, salt2, frame: mxFrame } = tail;
  const changeCounter = (header.changeCounter + 1) >>> 0;
  return {
    changeCounter,
    bigEndianChecksum,
    pageSize,
    mxFrame,
    databasePages,
    s0,
    s1,
    salt1,
    salt2,
  };
}

/** The tail of the WAL that this header describes; its mxFrame must not be 0. */
export function tailOf(header: WalIndexHeader): WalTail {
  assert(header.mxFrame > 0, 'a WAL without frames is begun anew, not continued');
  assert(header.pageSize > 0, 'a WAL with frames has a page size');
  const { pageSize, salt1, salt2, bigEndianChecksum, mxFrame, s0, s1 } = header;
  return { pageSize, salt1, salt2, bigEndianChecksum, frame: mxFrame, s0, s1 };
}

export function decodeCheckpointInfo(head: Uint8Array): CheckpointInfo {
  assert(head.length >= WAL_INDEX_HEAD_BYTES, 'the head of the wal-index is 136 bytes');
  const view = viewOf(head);
  const readMarks: number[] = [];
  for (let i = 0; i < READ_MARKS; i++) readMarks.push(view.getUint32(READ_MARKS_AT + 4 * i, true));
  return {
    nBackfill: view.getUint32(BACKFILL_AT, true),
    nBackfillAttempted: view.getUint32(BACKFILL_ATTEMPTED_AT, true),
    readMarks,
  };
}

/** The header's checksum is always in the machine's order, whatever the WAL's is. */
function headerChecksum(header: Uint8Array): WalChecksum {
  const sum: WalChecksum = { s0: 0, s1: 0 };
  addBytes(sum, header.subarray(0, SUMMED_BYTES), false);
  return sum;
}
