import { assert, must } from '../base/assert.ts';
import type { Entry, EntryId, Index, Membership, Term } from './entry.ts';
import type { LogView } from './log-view.ts';

/** What the next Ready hands to the log store. */
export interface LogChange {
  readonly truncateFrom: Index | null;
  readonly entries: readonly Entry[];
}

/**
 * The log as Raft sees it: the stored log, and behind it the tail that no Ready has taken yet.
 * Invariants: durable <= lastIndex; tailFrom <= stored + 1, and where it is less,
 * the stored entries from tailFrom on are to be discarded.
 */
export class RaftLog {
  readonly #view: LogView;
  /** Index of the first entry of the tail. */
  #tailFrom: Index;
  #tail: Entry[] = [];
  /** Index of the last entry handed to the store. */
  #stored: Index;
  /** Our own disk has everything up to here. */
  #durable: Index;

  /** All that a store shows after a start is durable. */
  constructor(view: LogView) {
    this.#view = view;
    this.#stored = view.lastIndex;
    this.#tailFrom = view.lastIndex + 1;
    this.#durable = view.lastIndex;
    assert(view.base.index <= view.lastIndex, 'a log ends before its base');
  }

  get base(): EntryId {
    return this.#view.base;
  }

  get baseMembership(): Membership {
    return this.#view.baseMembership;
  }

  get lastIndex(): Index {
    return this.#tailFrom + this.#tail.length - 1;
  }

  get last(): EntryId {
    const index = this.lastIndex;
    return { term: must(this.term(index), `term of the last entry ${index}`), index };
  }

  get durable(): Index {
    return this.#durable;
  }

  get hasChange(): boolean {
    return this.#tail.length > 0 || this.#tailFrom <= this.#stored;
  }

  /** The term of an entry; undefined outside base.index..lastIndex. */
  term(index: Index): Term | undefined {
    if (index >= this.#tailFrom) return this.#tail[index - this.#tailFrom]?.term;
    return this.#view.term(index);
  }

  /** Whether this log has the entry, and with it (I2) the whole log up to there. */
  has(id: EntryId): boolean {
    return this.term(id.index) === id.term;
  }

  /**
   * Election restriction (dissertation 3.6.1): whether a log ending in `last` has all that this one
   * has.
   */
  isUpToDate(last: EntryId): boolean {
    const own = this.last;
    return last.term > own.term || (last.term === own.term && last.index >= own.index);
  }

  /** Entries from..to, at least one and then no more than `bytesMax` of data. */
  entries(from: Index, to: Index, bytesMax: number): Entry[] {
    assert(from > this.base.index && to <= this.lastIndex, `entries ${from}..${to} are not here`);
    assert(from <= to, `no entries in ${from}..${to}`);
    if (from >= this.#tailFrom) return this.#fromTail(from, to, bytesMax);
    const storedTo = Math.min(to, this.#tailFrom - 1);
    const stored = this.#view.entries(from, storedTo, bytesMax);
    assert(stored.length > 0 && stored[0]!.index === from, `the store lacks entry ${from}`);
    const left = bytesMax - bytesOf(stored);
    if (stored.at(-1)!.index < storedTo || storedTo === to || left <= 0) return stored;
    if (this.#tail[0]!.data.length > left) return stored;
    return stored.concat(this.#fromTail(this.#tailFrom, to, left));
  }

  #fromTail(from: Index, to: Index, bytesMax: number): Entry[] {
    const start = from - this.#tailFrom;
    const stop = to - this.#tailFrom + 1;
    let end = start + 1;
    let bytes = this.#tail[start]!.data.length;
    while (end < stop && bytes + this.#tail[end]!.data.length <= bytesMax) {
      bytes += this.#tail[end]!.data.length;
      end += 1;
    }
    return this.#tail.slice(start, end);
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      const last = this.last;
      assert(entry.index === last.index + 1, `I2: entry ${entry.index} after ${last.index}`);
      assert(entry.term >= last.term, `I2: an entry of term ${entry.term} after term ${last.term}`);
      this.#tail.push(entry);
    }
  }

  /** Discards the entries from `from` on. Never below the commit index: the caller sees to that. */
  truncate(from: Index): void {
    assert(from > this.base.index && from <= this.lastIndex, `cannot truncate from ${from}`);
    if (from >= this.#tailFrom) {
      this.#tail.length = from - this.#tailFrom;
    } else {
      this.#tail = [];
      this.#tailFrom = from;
    }
    this.#durable = Math.min(this.#durable, from - 1);
  }

  /** What is new since the last call; from now on the store must show it. */
  take(): LogChange {
    assert(this.#view.lastIndex === this.#stored, 'the store does not show what it was handed');
    const truncateFrom = this.#tailFrom <= this.#stored ? this.#tailFrom : null;
    const entries = this.#tail;
    this.#stored = this.lastIndex;
    this.#tailFrom = this.#stored + 1;
    this.#tail = [];
    return { truncateFrom, entries };
  }

  /**
   * Our own disk has everything up to `id`. Nothing follows from it if that entry has been replaced
   * since.
   */
  markDurable(id: EntryId): void {
    if (!this.has(id)) return;
    assert(id.index < this.#tailFrom, `entry ${id.index} was not handed to the store yet`);
    this.#durable = Math.max(this.#durable, id.index);
  }

  /** The store was reset to a snapshot: continue from what it shows now. */
  reset(): void {
    assert(this.#view.lastIndex === this.#view.base.index, 'a reset log is not empty');
    this.#tail = [];
    this.#stored = this.#view.lastIndex;
    this.#tailFrom = this.#stored + 1;
    this.#durable = this.#stored;
  }

  /**
   * The last index <= `from` whose term is <= `term`; base.index - 1 when even the base has a later
   * one. Skips the entries of whole terms at once when logs are compared (dissertation 3.5, last
   * part).
   */
  lastWithTermUpTo(from: Index, term: Term): Index {
    let index = Math.min(from, this.lastIndex);
    while (index >= this.base.index && must(this.term(index), `term of ${index}`) > term)
      index -= 1;
    return index;
  }
}

export function bytesOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, entry) => sum + entry.data.length, 0);
}
