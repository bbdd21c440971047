import { assert } from '../base/assert.ts';
import type { Entry, Index } from '../raft/entry.ts';

/** Emptied slots at the front are given back when there are this many, and they are half of all. */
const SLACK_MIN = 1024;

/** A window of consecutive entries up to the last of the log, the oldest dropped first. */
export class EntryCache {
  #entries: (Entry | undefined)[] = [];
  /** Slots before this one are empty. */
  #head = 0;
  /** Index of the entry in slot `#head`; meaningless while empty. */
  #first: Index = 0;
  #bytes = 0;

  get size(): number {
    return this.#entries.length - this.#head;
  }

  /** Bytes of data held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Index of the oldest entry held; Infinity when empty. */
  get firstIndex(): Index {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#first;
  }

  get(index: Index): Entry | undefined {
    return index < this.#first ? undefined : this.#entries[this.#head + index - this.#first];
  }

  push(entry: Entry): void {
    if (this.size === 0) this.#first = entry.index;
    assert(entry.index === this.#first + this.size, `entry ${entry.index} out of order`);
    this.#entries.push(entry);
    this.#bytes += entry.data.length;
  }

  truncateFrom(index: Index): void {
    while (this.size > 0 && this.#first + this.size > index) {
      this.#bytes -= this.#entries.pop()!.data.length;
    }
  }

  /** Drops entries up to and including `index`. */
  dropTo(index: Index): void {
    while (this.size > 0 && this.#first <= index) this.#shift();
  }

  /** Drops the oldest entries below `floor` until no more than `bytesMax` remain. */
  shrink(bytesMax: number, floor: Index): void {
    while (this.#bytes > bytesMax && this.size > 0 && this.#first < floor) this.#shift();
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #shift(): void {
    this.#bytes -= this.#entries[this.#head]!.data.length;
    this.#entries[this.#head] = undefined;
    this.#head++;
    this.#first++;
    if (this.#head >= SLACK_MIN && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
  }
}
