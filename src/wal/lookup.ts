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
