import { assert } from '../base/assert.ts';
import type { Entry, HardState, Index, Term } from '../raft/entry.ts';
import { EntryCache } from './cache.ts';
import type { LogBase, LogWrite } from './log-store.ts';
import { TermRuns } from './term-runs.ts';

/**
 * The log as its readers see it: every change counts from the moment it was handed over, durable or
 * not.
 * Knows terms and bounds of all entries, and holds the recent entries themselves.
 * Invariant: base.id.index <= lastIndex; the cache ends at lastIndex.
 */
export class LogicalLog {
  readonly cache = new EntryCache();
  readonly #terms: TermRuns;
  #base: LogBase;
  #hardState: HardState;
  #lastIndex: Index;

  constructor(base: LogBase, hardState: HardState, terms = new TermRuns(), last = base.id.index) {
    assert(last >= base.id.index, 'log ends before its base');
    this.#base = base;
    this.#hardState = hardState;
    this.#terms = terms;
    this.#lastIndex = last;
  }

  get base(): LogBase {
    return this.#base;
  }

  get hardState(): HardState {
    return this.#hardState;
  }

  get lastIndex(): Index {
    return this.#lastIndex;
  }

  term(index: Index): Term | undefined {
    if (index === this.#base.id.index) return this.#base.id.term;
    if (index < this.#base.id.index || index > this.#lastIndex) return undefined;
    return this.#terms.at(index);
  }

  /** Asserts that `change` continues this log, then applies it. */
  apply(change: LogWrite): void {
    this.#check(change);
    if (change.truncateFrom !== null) this.#truncateFrom(change.truncateFrom);
    for (const entry of change.entries) {
      this.#terms.append(entry.index, entry.term);
      this.cache.push(entry);
      this.#lastIndex = entry.index;
    }
    if (change.hardState !== null) this.#hardState = change.hardState;
  }

  /** Moves the base forward. A base that is not ahead of the present one changes nothing: false. */
  compact(base: LogBase): boolean {
    if (base.id.index <= this.#base.id.index) return false;
    assert(base.id.index <= this.#lastIndex, 'compaction past the end of the log');
    assert(
      this.term(base.id.index) === base.id.term,
      'I8: compaction at an entry that is not in the log',
    );
    this.#base = base;
    this.#terms.dropTo(base.id.index);
    this.cache.dropTo(base.id.index);
    return true;
  }

  reset(base: LogBase): void {
    this.#base = base;
    this.#lastIndex = base.id.index;
    this.#terms.clear();
    this.cache.clear();
  }

  /** Asserts the bounds that LogView.entries asks of its caller. */
  checkRange(from: Index, to: Index): void {
    assert(from > this.#base.id.index, `entry ${from} is not after base ${this.#base.id.index}`);
    assert(from <= to && to <= this.#lastIndex, `entries ${from}..${to} of ${this.#lastIndex}`);
  }

  #truncateFrom(index: Index): void {
    this.#terms.truncateFrom(index);
    this.cache.truncateFrom(index);
    this.#lastIndex = Math.min(this.#lastIndex, index - 1);
  }

  #check(change: LogWrite): void {
    const { truncateFrom, entries, hardState } = change;
    const next = truncateFrom ?? this.#lastIndex + 1;
    assert(next > this.#base.id.index, 'truncation at or below the base');
    assert(next <= this.#lastIndex + 1, 'truncation past the end of the log');
    let term = this.term(next - 1) ?? 0;
    for (const [i, entry] of entries.entries()) {
      assert(entry.index === next + i, `entry ${entry.index} where ${next + i} is due`);
      assert(entry.term >= term, `term ${entry.term} after ${term} at entry ${entry.index}`);
      term = entry.term;
    }
    if (hardState !== null) this.#checkVote(hardState);
  }

  /** One vote a term (I1): a vote once given is never taken back or changed. */
  #checkVote(next: HardState): void {
    const now = this.#hardState;
    assert(next.term >= now.term, `term falls from ${now.term} to ${next.term}`);
    const kept = next.term > now.term || now.vote === null || next.vote === now.vote;
    assert(kept, `I1: a second vote in term ${next.term}`);
  }
}

/**
 * `entry` may follow in a reply that already holds `count` entries of `bytes` bytes: always one,
 * then up to the limit.
 */
export function fits(entry: Entry, count: number, bytes: number, maxBytes: number): boolean {
  return count === 0 || bytes + entry.data.length <= maxBytes;
}
