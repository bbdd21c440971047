import { assert } from '../base/assert.ts';
import type { Index } from '../raft/entry.ts';

const OFFSETS_AT_FIRST = 64;

/** Where the live entries of one segment lie: consecutive indexes, four bytes of memory each. */
export class SegmentIndex {
  readonly sequence: number;
  readonly salt: number;
  /** Size of the file on disk, pre-allocation included. */
  fileBytes: number;
  #offsets = new Uint32Array(OFFSETS_AT_FIRST);
  #count = 0;
  #first: Index = 0;

  constructor(sequence: number, salt: number, fileBytes: number) {
    this.sequence = sequence;
    this.salt = salt;
    this.fileBytes = fileBytes;
  }

  /** Index of the first live entry; Infinity when there is none. */
  get first(): Index {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#first;
  }

  /** Index of the last live entry; -1 when there is none. */
  get last(): Index {
    return this.#count === 0 ? -1 : this.#first + this.#count - 1;
  }

  append(index: Index, offset: number): void {
    if (this.#count === 0) this.#first = index;
    assert(index === this.#first + this.#count, `entry ${index} out of order in its segment`);
    if (this.#count === this.#offsets.length) this.#grow();
    this.#offsets[this.#count++] = offset;
  }

  truncateFrom(index: Index): void {
    this.#count = Math.min(this.#count, Math.max(0, index - this.#first));
  }

  offset(index: Index): number {
    assert(index >= this.first && index <= this.last, `entry ${index} is not in this segment`);
    return this.#offsets[index - this.#first]!;
  }

  #grow(): void {
    const offsets = new Uint32Array(this.#offsets.length * 2);
    offsets.set(this.#offsets);
    this.#offsets = offsets;
  }
}

/**
 * What is on disk, as of the last completed flush: the segments in order, the last one active.
 * Live entries ascend through the segments without gap; a segment may hold none.
 */
export class DiskIndex {
  #segments: SegmentIndex[];
  /** Last entry on disk. */
  #last: Index;

  constructor(segments: SegmentIndex[], last: Index) {
    this.#segments = segments;
    this.#last = last;
  }

  get lastIndex(): Index {
    return this.#last;
  }

  get segments(): readonly SegmentIndex[] {
    return this.#segments;
  }

  get active(): SegmentIndex {
    const segment = this.#segments.at(-1);
    assert(segment !== undefined, 'a log has at least one segment');
    return segment;
  }

  get fileBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.fileBytes, 0);
  }

  add(segment: SegmentIndex): void {
    const previous = this.#segments.at(-1);
    assert(previous === undefined || previous.sequence < segment.sequence, 'segments out of order');
    this.#segments.push(segment);
  }

  append(index: Index, offset: number): void {
    assert(index === this.#last + 1, `entry ${index} after ${this.#last} on disk`);
    this.active.append(index, offset);
    this.#last = index;
  }

  truncateFrom(index: Index): void {
    for (const segment of this.#segments) segment.truncateFrom(index);
    this.#last = Math.min(this.#last, index - 1);
  }

  /**
   * The segment that holds a live entry. The newest are asked first: readers are mostly near the
   * end.
   */
  find(index: Index): SegmentIndex {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const segment = this.#segments[i]!;
      if (segment.first <= index && index <= segment.last) return segment;
    }
    assert(false, `entry ${index} is in no segment`);
  }

  /** Number of the oldest segment still needed when everything up to `index` is forgotten. */
  firstNeeded(index: Index): number {
    const segment = this.#segments.find((each) => each.last > index) ?? this.active;
    return segment.sequence;
  }

  /** Forgets the segments before number `sequence` and returns them. */
  dropBefore(sequence: number): SegmentIndex[] {
    const dropped = this.#segments.filter((segment) => segment.sequence < sequence);
    this.#segments = this.#segments.filter((segment) => segment.sequence >= sequence);
    return dropped;
  }

  /** No entry is held, and the next one is after `index`: what the first segment's start says. */
  beginAfter(index: Index): void {
    assert(this.#segments.length === 1 && this.active.last === -1, 'the log has begun already');
    this.#last = index;
  }

  /** A new log after `index`, in one fresh segment. */
  restart(segment: SegmentIndex, index: Index): SegmentIndex[] {
    const dropped = this.#segments;
    this.#segments = [segment];
    this.#last = index;
    return dropped;
  }
}
