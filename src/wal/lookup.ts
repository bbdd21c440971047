import { assert } from '../base/assert.ts';
import type { ReadAt } from './source.ts';
import { blockOf, framesBefore, readBlock } from './wal-index-hash.ts';

/**
 * The page numbers of the frames 1..limit, in the order of the frames, from the -shm file; a block
 * is read at a time. `limit` must not exceed mxFrame: entries beyond it mean nothing.
 */
export function* readPageNumbers(read: ReadAt, limit: number): Generator<number> {
  for (let frame = 1; frame <= limit; ) {
    const block = readBlock(read, blockOf(frame));
    const before = framesBefore(block.block);
    const last = Math.min(limit, before + block.capacity);
    for (; frame <= last; frame++) yield block.pgnoAt(frame - before);
  }
}

/** For every page in the frames 1..limit its latest frame. */
export function latestFrames(read: ReadAt, limit: number): Map<number, number> {
  const latest = new Map<number, number>();
  let frame = 0;
  for (const pgno of readPageNumbers(read, limit)) latest.set(pgno, ++frame);
  assert(frame === limit, 'every frame has a page number');
  return latest;
}

/**
 * The latest frame ≤ limit that holds the page, 0 if none does: how SQLite's readers look pages up.
 */
export function findFrame(read: ReadAt, pgno: number, limit: number): number {
  if (limit === 0) return 0;
  for (let number = blockOf(limit); number >= 0; number--) {
    const block = readBlock(read, number);
    const before = framesBefore(number);
    const index = block.find(pgno, Math.min(limit - before, block.capacity));
    if (index > 0) return before + index;
  }
  return 0;
}
