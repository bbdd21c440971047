/** How SQLite's readers look pages up, for tests of what is written for them: the product itself only writes. */
import assert from 'node:assert/strict';
import {
  decodeFrameHeader,
  decodeWalHeader,
  FRAME_HEADER_BYTES,
  frameOffset,
  WAL_HEADER_BYTES,
} from '../../src/wal/format.ts';
import { readPageNumbers } from '../../src/wal/lookup.ts';
import type { FrameInfo } from '../../src/wal/reader.ts';
import type { ReadAt } from '../../src/wal/source.ts';
import { blockOf, framesBefore, type IndexBlock, readBlock } from '../../src/wal/wal-index-hash.ts';

const HASH_AT = 16_384;
const SLOTS = 8_192;

/** For every page in the frames 1..limit its latest frame, by the page numbers alone. */
export function latestFrames(read: ReadAt, limit: number): Map<number, number> {
  return new Map([...readPageNumbers(read, limit)].map((pgno, i) => [pgno, i + 1]));
}

/** The latest frame ≤ limit that holds the page, by the hash tables; 0 if none does. */
export function findFrame(read: ReadAt, pgno: number, limit: number): number {
  if (limit === 0) return 0;
  for (let number = blockOf(limit); number >= 0; number--) {
    const block = readBlock(read, number);
    const before = framesBefore(number);
    const index = findInBlock(block, pgno, Math.min(limit - before, block.capacity));
    if (index > 0) return before + index;
  }
  return 0;
}

/** The highest index ≤ limit that holds the page; 0 if none does. */
export function findInBlock(block: IndexBlock, pgno: number, limit: number): number {
  const slots = new Uint16Array(block.bytes.buffer, block.bytes.byteOffset + HASH_AT, SLOTS);
  let found = 0;
  for (let slot = Math.imul(pgno, 383) & (SLOTS - 1); slots[slot] !== 0; ) {
    const index = slots[slot]!;
    // Frames are entered in order, so that a later match along the chain is a later frame.
    if (index <= limit && block.pgnoAt(index) === pgno) found = index;
    slot = (slot + 1) & (SLOTS - 1);
  }
  return found;
}

/** The frames 1..to of a WAL whose end is known, from their headers alone. */
export function listFrames(read: ReadAt, to: number): FrameInfo[] {
  const header = decodeWalHeader(read(0, WAL_HEADER_BYTES));
  return Array.from({ length: to }, (_, i) => {
    const bytes = read(frameOffset(header.pageSize, i + 1), FRAME_HEADER_BYTES);
    const { pgno, databasePages, salt1, salt2 } = decodeFrameHeader(bytes);
    assert.deepEqual([salt1, salt2], [header.salt1, header.salt2]);
    return { frame: i + 1, pgno, databasePages };
  });
}
