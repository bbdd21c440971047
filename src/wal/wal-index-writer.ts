import { assert, must } from '../base/assert.ts';
import type { PageImage, WalTail } from './frames.ts';
import type { ReadAt } from './source.ts';
import {
  decodeWalIndexHeader,
  encodeWalIndexHeader,
  nextWalIndexHeader,
  WAL_INDEX_HEADER_BYTES,
  type WalIndexHeader,
  walIndexFault,
} from './wal-index.ts';
import {
  BLOCK_BYTES,
  type ByteSpan,
  blockOf,
  framesBefore,
  IndexBlock,
  readBlock,
} from './wal-index-hash.ts';

/** Bytes to write at an offset of a file. */
export interface FileWrite {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/**
 * Plans the writes that publish commits in a wal-index. It mirrors the header and the block that
 * holds the last frame, as read from the real -shm file at the start, and is valid as long as
 * SQLite's writer lock is held: once the lock was let go, check isCurrent, and take up the
 * wal-index anew if it is not.
 */
export class WalIndexWriter {
  #header: WalIndexHeader;
  /** The header's bytes as they are in the file. */
  #published: Uint8Array;
  /**
   * The block of frame mxFrame; null while the next frame begins a block (SQLite zeroes it then).
   */
  #block: IndexBlock | null;
  /** The block was cleaned in memory, the file was not: the next append writes all of it. */
  #cleaned: boolean;

  /** Reads the -shm file. Throws DATABASE_DAMAGED if its header cannot be used. */
  constructor(read: ReadAt) {
    const head = read(0, 2 * WAL_INDEX_HEADER_BYTES);
    this.#header = decodeWalIndexHeader(head);
    this.#published = head.slice(0, WAL_INDEX_HEADER_BYTES);
    const { mxFrame } = this.#header;
    this.#block = mxFrame === 0 ? null : readBlock(read, blockOf(mxFrame));
    const used = this.#block === null ? 0 : mxFrame - framesBefore(this.#block.block);
    this.#cleaned = this.#block?.clean(used) ?? false;
  }

  get header(): WalIndexHeader {
    return this.#header;
  }

  /**
   * Whether the file is still as this writer knows it: nobody committed, restarted the WAL, or died
   * in a transaction that had spilled frames (whose first trace is the page number behind the last
   * frame).
   */
  isCurrent(read: ReadAt): boolean {
    const head = read(0, 2 * WAL_INDEX_HEADER_BYTES);
    if (walIndexFault(head) !== null) return false;
    if (!this.#published.every((byte, i) => head[i] === byte)) return false;
    // The next append writes a cleaned block whole, and a block's first use too: nothing there can
    // disturb.
    if (this.#block === null || this.#cleaned) return true;
    const { block, capacity } = this.#block;
    const next = this.#header.mxFrame - framesBefore(block) + 1;
    if (next > capacity) return true;
    const { from, to } = this.#block.pgnoSpan(next, next);
    return read(block * BLOCK_BYTES + from, to - from).every((byte) => byte === 0);
  }

  /**
   * The writes, in the order in which they must be done, that make a commit visible. Its frames
   * must be in the WAL before the first of them. Page numbers and hash slots first: readers do not
   * look beyond their mxFrame. Then the second header, then the first: a reader takes a header only
   * if both are equal. The bytes are this writer's memory: write them before the next call.
   * @param tail the WAL's end after the commit
   */
  append(pages: readonly PageImage[], tail: WalTail, databasePages: number): FileWrite[] {
    const first = this.#header.mxFrame + 1;
    assert(pages.length > 0, 'a commit has at least one page');
    assert(
      tail.frame === this.#header.mxFrame + pages.length,
      'frames must follow the last commit',
    );
    const writes: FileWrite[] = [];
    for (let done = 0; done < pages.length; ) {
      done += this.#fillBlock(pages, done, first + done, writes);
    }
    this.#header = nextWalIndexHeader(this.#header, tail, databasePages);
    const bytes = encodeWalIndexHeader(this.#header);
    this.#published = bytes;
    writes.push({ offset: WAL_INDEX_HEADER_BYTES, bytes }, { offset: 0, bytes });
    return writes;
  }

  /**
   * Enters pages from `from` on, the first as `frame`, until its block is full; returns how many.
   */
  #fillBlock(
    pages: readonly PageImage[],
    from: number,
    frame: number,
    writes: FileWrite[],
  ): number {
    const whole = this.#blockFor(frame) || this.#cleaned;
    const block = must(this.#block, 'the block of the frame');
    const first = frame - framesBefore(block.block);
    const count = Math.min(pages.length - from, block.capacity - first + 1);
    const slots = enter(block, first, pages, from, count);
    if (whole) writes.push(writeOf(block, block.span));
    else
      writes.push(writeOf(block, block.pgnoSpan(first, first + count - 1)), writeOf(block, slots));
    this.#cleaned = false;
    return count;
  }

  /**
   * Makes #block the one that holds `frame`; true if this is its first use, so that all of it is
   * written.
   */
  #blockFor(frame: number): boolean {
    const number = blockOf(frame);
    if (frame !== framesBefore(number) + 1) {
      assert(this.#block?.block === number, 'the mirrored block is the one in use');
      return false;
    }
    this.#block = IndexBlock.empty(number);
    return true;
  }
}

function writeOf(block: IndexBlock, { from, to }: ByteSpan): FileWrite {
  return { offset: block.block * BLOCK_BYTES + from, bytes: block.bytes.subarray(from, to) };
}

/**
 * Enters `count` pages and returns the span of hash slots from the first to the last one that they
 * took. The slots in between are written as they are: copying 16 KiB costs a third of a further
 * system call.
 */
function enter(
  block: IndexBlock,
  first: number,
  pages: readonly PageImage[],
  from: number,
  count: number,
): ByteSpan {
  let low = Number.MAX_SAFE_INTEGER;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const slot = block.insert(first + i, pages[from + i]!.pgno);
    if (slot < low) low = slot;
    if (slot > high) high = slot;
  }
  return block.slotSpan(low, high);
}
