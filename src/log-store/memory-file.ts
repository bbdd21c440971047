import { assert } from '../base/assert.ts';
import type { Prng } from '../base/prng.ts';
import { type Covered, WriteBehind } from './write-behind.ts';

export type FileChange =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Uint8Array }
  /** The file is at least so long; what was not written is zero. */
  | { readonly kind: 'extend'; readonly to: number }
  | { readonly kind: 'empty' };

/** Content that grows as it is written. */
class Image {
  #bytes = new Uint8Array(0);
  #size = 0;

  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#size);
  }

  apply(change: FileChange): void {
    if (change.kind === 'empty') {
      this.#bytes.fill(0, 0, this.#size);
      this.#size = 0;
    } else if (change.kind === 'extend') {
      this.#reach(change.to);
    } else {
      this.#reach(change.at + change.bytes.length);
      this.#bytes.set(change.bytes, change.at);
    }
  }

  #reach(size: number): void {
    if (size > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(size, 2 * this.#bytes.length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#size = Math.max(this.#size, size);
  }
}

/** One file of a MemoryDisk: as readers see it, and as the medium has it. */
export class MemoryFile {
  #seen = new Image();
  readonly #medium = new Image();
  readonly #behind = new WriteBehind<FileChange>((change) => this.#medium.apply(change));

  /** As readers see it. */
  get bytes(): Uint8Array {
    return this.#seen.bytes;
  }

  /** What the medium has for certain. */
  get durableBytes(): Uint8Array {
    return this.#medium.bytes;
  }

  apply(change: FileChange): Covered<FileChange> {
    this.#seen.apply(change);
    return this.#behind.add(change);
  }

  /** What a sync that begins now makes durable. */
  covered(): Covered<FileChange> {
    return this.#behind.covered();
  }

  makeDurable(covered: Covered<FileChange>): void {
    this.#behind.settle(covered);
  }

  /**
   * A sync of these has failed. The medium has any part of them and will never get the rest, while
   * readers go on seeing all: the system takes the pages for written.
   */
  failSync(covered: Covered<FileChange>, random: Prng): void {
    this.#behind.settle(covered, (change) => tear(change, random));
  }

  /** The system forgets what a failed sync has left in its memory; readers see the medium again. */
  evict(): void {
    this.#seen = new Image();
    this.#seen.apply({ kind: 'write', at: 0, bytes: this.#medium.bytes });
    for (const change of this.#behind.overlay()) this.#seen.apply(change);
  }

  /** The file as a loss of power leaves it: of what was not synced, each write in any part. */
  afterPowerLoss(random: Prng): MemoryFile {
    this.failSync(this.covered(), random);
    const left = new MemoryFile();
    left.makeDurable(left.apply({ kind: 'write', at: 0, bytes: this.#medium.bytes }));
    return left;
  }

  flipBit(byte: number, bit: number): void {
    assert(byte < this.durableBytes.length && bit < 8, 'a bit that the file does not have');
    this.durableBytes[byte]! ^= 1 << bit;
    if (byte < this.bytes.length) this.bytes[byte]! ^= 1 << bit;
  }
}

/** Disks write sectors; which of them, and in which order, is theirs to choose. */
const SECTOR_BYTES = 512;

/** What may be left of a change that was not synced: nothing, all, its beginning, some sectors. */
export function tear(change: FileChange, random: Prng): FileChange[] {
  if (change.kind !== 'write') return random.chance(0.5) ? [change] : [];
  const { at, bytes } = change;
  const way = random.between(0, 4);
  if (way === 0) return [];
  if (way === 1) return [change];
  if (way === 2) return [{ kind: 'extend', to: at + bytes.length }];
  if (way === 3)
    return [{ kind: 'write', at, bytes: bytes.subarray(0, random.between(0, bytes.length)) }];
  const sectors: FileChange[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (random.chance(0.5)) {
      sectors.push({ kind: 'write', at: at + from, bytes: bytes.subarray(from, to) });
    }
    from = to;
  }
  return sectors;
}
