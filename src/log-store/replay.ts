import type { HardState, Index } from '../raft/entry.ts';
import { damaged, hardStateDamaged } from './failure.ts';
import type { SegmentStart } from './flush-encoder.ts';
import type { LogBase } from './log-store.ts';
import type { RecordHeader } from './record.ts';
import { decodeEntry, decodeHardState, decodeStart } from './record-body.ts';
import { SEGMENT_HEADER_BYTES } from './segment-header.ts';
import { DiskIndex, SegmentIndex } from './segment-index.ts';
import { TermRuns } from './term-runs.ts';

/**
 * Builds the log from its records, in order, and refuses a sequence of sound records that this
 * store
 * cannot have written: a gap, or a segment that does not continue the one before.
 */
export class Replay {
  readonly index: DiskIndex;
  readonly #base: LogBase;
  #terms = new TermRuns();
  #hardState: HardState | null = null;
  #file = '';
  #previousEnd = 0;
  #first: Index | null = null;
  #started = false;

  constructor(base: LogBase) {
    this.#base = base;
    this.index = new DiskIndex([], base.id.index);
  }

  /** What follows are the records of this segment. `file` is for errors. */
  openSegment(file: string, sequence: number, salt: number, fileBytes: number): void {
    this.index.add(new SegmentIndex(sequence, salt, fileBytes));
    this.#file = file;
    this.#started = false;
  }

  closeSegment(end: number): void {
    this.#previousEnd = end;
  }

  record(at: number, header: RecordHeader, body: Uint8Array): void {
    if (header.type === 'start') this.#start(at, decodeStart(header, body));
    else if (!this.#started)
      throw damaged(this.#file, at, 'the segment does not begin with a start');
    else if (header.type === 'hard-state') this.#hardState = decodeHardState(header, body);
    else if (header.type === 'truncate') this.#truncate(at, header.index);
    else if (header.type === 'entry') this.#entry(at, header, body);
  }

  /** The log after its base. Call once, after the last record. */
  finish(): { terms: TermRuns; hardState: HardState } {
    const base = this.#base.id;
    const { lastIndex } = this.index;
    if (this.#hardState === null) {
      throw hardStateDamaged(this.#file, SEGMENT_HEADER_BYTES, 'no hard state is readable');
    }
    if (lastIndex < base.index || (this.#first ?? base.index + 1) > base.index + 1) {
      const have = `the log has entries ${this.#first}..${lastIndex}`;
      throw damaged(this.#file, 0, `${have}, but it begins after ${base.index}`);
    }
    const holdsBase = this.#first !== null && this.#first <= base.index;
    if (holdsBase && this.#terms.at(base.index) !== base.term) {
      throw damaged(
        this.#file,
        0,
        `entry ${base.index} is not of term ${base.term}, as its base says`,
      );
    }
    this.#terms.dropTo(base.index);
    return { terms: this.#terms, hardState: this.#hardState };
  }

  #start(at: number, start: SegmentStart): void {
    const { previous } = start;
    if (this.#started) throw damaged(this.#file, at, 'a second start');
    if (this.index.segments.length === 1) {
      this.index.beginAfter(previous.index);
    } else if (previous.index !== this.index.lastIndex || start.previousEnd !== this.#previousEnd) {
      const expected = `entry ${previous.index} and byte ${start.previousEnd}`;
      const found = `entry ${this.index.lastIndex} and byte ${this.#previousEnd}`;
      throw damaged(
        this.#file,
        at,
        `it continues from ${expected}, but the segment before ends at ${found}`,
      );
    }
    this.#hardState = start.hardState;
    this.#started = true;
  }

  #truncate(at: number, index: Index): void {
    if (index > this.index.lastIndex + 1) {
      throw damaged(this.#file, at, `truncation from ${index}, past ${this.index.lastIndex}`);
    }
    this.index.truncateFrom(index);
    this.#terms.truncateFrom(index);
    if (this.#first !== null && index <= this.#first) this.#first = null;
  }

  #entry(at: number, header: RecordHeader, body: Uint8Array): void {
    const { index, term } = header;
    if (index !== this.index.lastIndex + 1) {
      throw damaged(this.#file, at, `entry ${index} after entry ${this.index.lastIndex}`);
    }
    const { last } = this.#terms;
    if (last !== null && term < last) {
      throw damaged(this.#file, at, `entry ${index} of term ${term} after one of term ${last}`);
    }
    decodeEntry(header, body);
    this.#first ??= index;
    this.index.append(index, at);
    this.#terms.append(index, term);
  }
}
