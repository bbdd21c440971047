import { assert, must } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { ReadAt } from './source.ts';
import { WAL_INDEX_HEAD_BYTES } from './wal-index.ts';

/**
 * The wal-index behind its head: blocks of page numbers, each with a hash table from page number to
 * frame.
 */
export const BLOCK_BYTES = 32768;
const HASH_AT = 16384;
const SLOTS = 8192;
const HASH_FACTOR = 383;
const BLOCK_FRAMES = 4096;
/** The head takes the place of the first block's first page numbers. */
const FIRST_BLOCK_FRAMES = BLOCK_FRAMES - WAL_INDEX_HEAD_BYTES / 4;

/** The block that holds `frame`. */
export function blockOf(frame: number): number {
  assert(frame >= 1, 'frames are counted from 1');
  return Math.floor((frame + BLOCK_FRAMES - FIRST_BLOCK_FRAMES - 1) / BLOCK_FRAMES);
}

/**
 * The last frame of the block before; `frame - framesBefore(blockOf(frame))` is its index, from 1.
 */
export function framesBefore(block: number): number {
  return block === 0 ? 0 : FIRST_BLOCK_FRAMES + (block - 1) * BLOCK_FRAMES;
}

/** Bytes [from, to) of a block. */
export interface ByteSpan {
  readonly from: number;
  readonly to: number;
}

/** One block in memory. Index i, from 1, is frame framesBefore(block) + i. */
export class IndexBlock {
  readonly block: number;
  readonly bytes: Uint8Array;
  readonly #pgnos: Uint32Array;
  readonly #slots: Uint16Array;

  /** Takes the bytes over; they must be aligned to words. */
  constructor(block: number, bytes: Uint8Array) {
    assert(bytes.length === BLOCK_BYTES, 'a block of the wal-index has 32 KiB');
    assert(bytes.byteOffset % 4 === 0, 'a block of the wal-index is aligned');
    this.block = block;
    this.bytes = bytes;
    const { buffer, byteOffset } = this.bytes;
    const from = block === 0 ? WAL_INDEX_HEAD_BYTES : 0;
    this.#pgnos = new Uint32Array(buffer, byteOffset + from, (HASH_AT - from) / 4);
    this.#slots = new Uint16Array(buffer, byteOffset + HASH_AT, SLOTS);
  }

  /** A block that no frame uses yet. */
  static empty(block: number): IndexBlock {
    return new IndexBlock(block, new Uint8Array(BLOCK_BYTES));
  }

  /** How many frames fit. */
  get capacity(): number {
    return this.#pgnos.length;
  }

  /** All that belongs to the block: in the first one the head does not. */
  get span(): ByteSpan {
    return { from: this.#pgnos.byteOffset - this.bytes.byteOffset, to: BLOCK_BYTES };
  }

  pgnoAt(index: number): number {
    return must(this.#pgnos[index - 1], 'an index within the block');
  }

  /** Bytes of the page numbers first..last. */
  pgnoSpan(first: number, last: number): ByteSpan {
    const { from } = this.span;
    return { from: from + (first - 1) * 4, to: from + last * 4 };
  }

  /** Bytes of the hash slots first..last. */
  slotSpan(first: number, last: number): ByteSpan {
    return { from: HASH_AT + first * 2, to: HASH_AT + (last + 1) * 2 };
  }

  /**
   * Enters the page of the frame at `index`, which must be free, and returns its hash slot.
   * Collisions go to the next free slot: with half the slots free at the least there always is one.
   */
  insert(index: number, pgno: number): number {
    assert(index >= 1 && index <= this.capacity, `index ${index} is outside the block`);
    assert(this.#pgnos[index - 1] === 0, `index ${index} is in use`);
    let slot = hashOf(pgno);
    for (let tries = 0; this.#slots[slot] !== 0; slot = nextSlot(slot)) {
      if (++tries === SLOTS) throw damaged('its hash table is full');
    }
    this.#pgnos[index - 1] = pgno;
    this.#slots[slot] = index;
    return slot;
  }

  /**
   * Removes what lies beyond `limit`: transactions of SQLite that spilled and did not commit leave
   * their entries, and SQLite removes them in the same way before it uses the place again. Entries
   * up to the limit never depend on later ones, so no reader is disturbed. Returns whether anything
   * was there.
   */
  clean(limit: number): boolean {
    let dirty = false;
    for (let i = limit; i < this.#pgnos.length; i++) {
      if (this.#pgnos[i] !== 0) dirty = true;
      this.#pgnos[i] = 0;
    }
    for (let slot = 0; slot < SLOTS; slot++) {
      if (this.#slots[slot]! <= limit) continue;
      dirty = true;
      this.#slots[slot] = 0;
    }
    return dirty;
  }
}

/**
 * Reads one block of the -shm file into memory of its own. Throws DATABASE_DAMAGED if the file ends
 * before.
 */
export function readBlock(read: ReadAt, block: number): IndexBlock {
  const bytes = read(block * BLOCK_BYTES, BLOCK_BYTES);
  if (bytes.length < BLOCK_BYTES) throw damaged(`block ${block} is missing`);
  return new IndexBlock(block, bytes.slice());
}

function hashOf(pgno: number): number {
  return Math.imul(pgno, HASH_FACTOR) & (SLOTS - 1);
}

function nextSlot(slot: number): number {
  return (slot + 1) & (SLOTS - 1);
}

function damaged(why: string): PacelineError {
  const remedy = 'close all connections, remove the -shm file, and start again';
  return new PacelineError('DATABASE_DAMAGED', `wal-index: ${why}; ${remedy}`);
}
