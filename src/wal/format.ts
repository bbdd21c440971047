import { assert } from '../base/assert.ts';
import { viewOf } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';
import { isPageSize, PAGE_SIZE_MAX } from '../base/page-size.ts';
import { addBytes, type WalChecksum } from './checksum.ts';

/** Sizes and fields of the WAL file: https://sqlite.org/fileformat2.html#walformat. Big-endian. */
export const WAL_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 24;
/** The only format version that exists, of the WAL and of the wal-index. */
export const WAL_VERSION = 3007000;

/** The lowest bit says which byte order the checksum's words have: 0 little, 1 big. */
const MAGIC = 0x377f0682;
/** The header's own checksum covers the bytes before it. */
const HEADER_SUMMED_BYTES = 24;

export interface WalHeader {
  readonly bigEndianChecksum: boolean;
  readonly pageSize: number;
  /** Counts the restarts of the WAL; informative only. */
  readonly checkpointSequence: number;
  readonly salt1: number;
  readonly salt2: number;
  /** The header's checksum: the frames' running checksum starts from it. */
  readonly s0: number;
  readonly s1: number;
}

export interface FrameHeader {
  readonly pgno: number;
  /** In a commit frame the size of the database after the commit, in pages; otherwise 0. */
  readonly databasePages: number;
  readonly salt1: number;
  readonly salt2: number;
  readonly s0: number;
  readonly s1: number;
}

/** A page size as 16 bits: 65536 does not fit and is written as 1. */
export function encodePageSize(size: number): number {
  assert(isPageSize(size), `not a page size: ${size}`);
  return size === PAGE_SIZE_MAX ? 1 : size;
}

/** The counterpart of encodePageSize; 0 where the 16 bits are not a page size. */
export function decodePageSize(field: number): number {
  const size = field === 1 ? PAGE_SIZE_MAX : field;
  return isPageSize(size) ? size : 0;
}

export function frameBytes(pageSize: number): number {
  return FRAME_HEADER_BYTES + pageSize;
}

/** Where frame number `frame` begins in the WAL; the first is frame 1. */
export function frameOffset(pageSize: number, frame: number): number {
  assert(frame >= 1, 'frames are counted from 1');
  return WAL_HEADER_BYTES + (frame - 1) * frameBytes(pageSize);
}

/**
 * The 32 bytes, with their checksum, of a WAL whose checksums use this machine's (little-endian)
 * order.
 */
export function encodeWalHeader(fields: {
  readonly pageSize: number;
  readonly checkpointSequence: number;
  readonly salt1: number;
  readonly salt2: number;
}): Uint8Array {
  assert(isPageSize(fields.pageSize), `not a page size: ${fields.pageSize}`);
  const bytes = new Uint8Array(WAL_HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC);
  view.setUint32(4, WAL_VERSION);
  view.setUint32(8, fields.pageSize);
  view.setUint32(12, fields.checkpointSequence);
  view.setUint32(16, fields.salt1);
  view.setUint32(20, fields.salt2);
  const sum = headerChecksum(bytes, false);
  view.setUint32(24, sum.s0);
  view.setUint32(28, sum.s1);
  return bytes;
}

function headerChecksum(bytes: Uint8Array, bigEndian: boolean): WalChecksum {
  const sum: WalChecksum = { s0: 0, s1: 0 };
  addBytes(sum, bytes.subarray(0, HEADER_SUMMED_BYTES), bigEndian);
  return sum;
}

/**
 * Why these bytes are not the header of a WAL, null if they are. SQLite takes such a WAL as empty.
 */
export function walHeaderFault(bytes: Uint8Array): string | null {
  if (bytes.length < WAL_HEADER_BYTES) return `the header is ${bytes.length} bytes long`;
  const view = viewOf(bytes);
  const magic = view.getUint32(0);
  if ((magic & ~1) !== MAGIC) return `the magic number is ${hex32(magic)}`;
  if (view.getUint32(4) !== WAL_VERSION) return `the format version is ${view.getUint32(4)}`;
  if (!isPageSize(view.getUint32(8))) return `the page size is ${view.getUint32(8)}`;
  const sum = headerChecksum(bytes, (magic & 1) === 1);
  const fits = sum.s0 === view.getUint32(24) && sum.s1 === view.getUint32(28);
  return fits ? null : "the header's checksum does not fit";
}

/** Throws RECORD_DAMAGED where walHeaderFault finds a fault. */
export function decodeWalHeader(bytes: Uint8Array): WalHeader {
  const fault = walHeaderFault(bytes);
  if (fault !== null) {
    throw new PacelineError('RECORD_DAMAGED', `not a WAL: ${fault}; is it the right file?`);
  }
  const view = viewOf(bytes);
  return {
    bigEndianChecksum: (view.getUint32(0) & 1) === 1,
    pageSize: view.getUint32(8),
    checkpointSequence: view.getUint32(12),
    salt1: view.getUint32(16),
    salt2: view.getUint32(20),
    s0: view.getUint32(24),
    s1: view.getUint32(28),
  };
}

/** Reads the 24 bytes at `at`; says nothing about whether the frame is valid. */
export function decodeFrameHeader(bytes: Uint8Array, at = 0): FrameHeader {
  assert(at + FRAME_HEADER_BYTES <= bytes.length, 'a frame header was cut');
  const view = viewOf(bytes);
  return {
    pgno: view.getUint32(at),
    databasePages: view.getUint32(at + 4),
    salt1: view.getUint32(at + 8),
    salt2: view.getUint32(at + 12),
    s0: view.getUint32(at + 16),
    s1: view.getUint32(at + 20),
  };
}

/** Eight hex digits. */
export function hex32(value: number): string {
  return value.toString(16).padStart(8, '0');
}
