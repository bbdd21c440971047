import { assert } from '../base/assert.ts';
import type { EntryId, Index, Term } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';

/** Terms remembered, the latest ones; a term is an election, so this is far more than a token lives. */
const TERMS_MAX = 64;
/** A counter that is odd while the table is being written, a count, and rows of a term and where it begins. */
const HEADER = 2;
export const TERMS_BYTES = (HEADER + TERMS_MAX * 2) * 8;

/**
 * What became of a position that somebody was given: its entry is committed, or may still come, or can never come,
 * because the committed log has an entry of another term there, or has gone on to a later term before it.
 */
export type Verdict = 'committed' | 'pending' | 'lost';

/**
 * The terms of the committed entries, in shared memory: from which index on each of the last terms. By it any thread can
 * tell what became of a position, which its index alone does not say. The loop writes it, everybody reads it.
 */
export class CommittedTerms {
  readonly #version: Int32Array;
  readonly #numbers: Float64Array;
  /** The writer's own: up to here the table is complete, and the term there. */
  #noted: EntryId = { term: -1, index: -1 };

  constructor(buffer: SharedArrayBuffer, offset: number) {
    assert(offset % 8 === 0, 'the table of terms lies on a multiple of 8');
    this.#version = new Int32Array(buffer, offset, 1);
    this.#numbers = new Float64Array(buffer, offset, HEADER + TERMS_MAX * 2);
  }

  /** The log is committed up to `commit`: call before anybody learns of it. Returns whether that brought a new term. */
  note(log: LogView, commit: Index): boolean {
    const { base } = log;
    const replaced = this.#noted.index < base.index;
    const term = log.term(commit)!;
    if (!replaced && term === this.#noted.term) {
      this.#noted = { term, index: commit };
      return false;
    }
    // A log that begins later than what was noted has taken the place of one that nobody can look at any more.
    const known = replaced ? [base] : this.#read();
    const from = replaced ? base.index : this.#noted.index;
    const added = runsAfter(log, known.at(-1)!.term, from, commit);
    this.#noted = { term, index: commit };
    this.#write([...known, ...added].slice(-TERMS_MAX));
    return true;
  }

  /** What became of the entry at `position`. `committedBits`: the low bits of the commit index, looked up before this call. */
  verdict(position: EntryId, committedBits: number): Verdict {
    const rows = this.#read();
    const [first, last] = [rows[0], rows.at(-1)];
    if (first === undefined || last === undefined) return 'pending';
    const { term, index } = position;
    if (index < first.index) return term > first.term ? 'lost' : 'committed';
    // The table may be newer than the commit index, but not older.
    const commit = last.index + Math.max(0, (committedBits - (last.index | 0)) | 0);
    if (index <= commit) return termIn(rows, index) === term ? 'committed' : 'lost';
    return term < last.term ? 'lost' : 'pending';
  }

  /**
   * The committed entry at `index`. Of one from before the table nobody here knows the term, so it is the first of the table in its
   * place: whoever has that has both.
   */
  positionAt(index: Index): EntryId {
    const rows = this.#read();
    const [first] = rows;
    if (first !== undefined && index < first.index) return first;
    return { term: termIn(rows, index), index };
  }

  /** The index with these low bits, at or after which the last known term begins, or not long before. */
  indexNear(bits: number): Index {
    const begins = this.#read().at(-1)?.index ?? 0;
    return Math.max(0, begins + ((bits - (begins | 0)) | 0));
  }

  /** Each row is the first known committed entry of its term. */
  #read(): EntryId[] {
    for (;;) {
      const version = Atomics.load(this.#version, 0);
      const count = this.#numbers[1]!;
      const rows: EntryId[] = [];
      for (let i = 0; i < Math.min(count, TERMS_MAX); i++) {
        const at = HEADER + 2 * i;
        rows.push({ term: this.#numbers[at]!, index: this.#numbers[at + 1]! });
      }
      if (version % 2 === 0 && Atomics.load(this.#version, 0) === version) return rows;
    }
  }

  #write(rows: readonly EntryId[]): void {
    Atomics.add(this.#version, 0, 1);
    this.#numbers[1] = rows.length;
    for (const [i, { term, index }] of rows.entries()) {
      this.#numbers[HEADER + 2 * i] = term;
      this.#numbers[HEADER + 2 * i + 1] = index;
    }
    Atomics.add(this.#version, 0, 1);
  }
}

function termIn(rows: readonly EntryId[], index: Index): Term {
  const row = rows.findLast((one) => one.index <= index) ?? rows[0];
  return row?.term ?? 0;
}

/** The first entries of the terms after `term` in the log from `from` + 1 to `to`. */
function runsAfter(log: LogView, term: Term, from: Index, to: Index): EntryId[] {
  const runs: EntryId[] = [];
  let [known, low] = [term, from];
  while (log.term(to)! > known) {
    const index = firstAfter(log, known, low, to);
    known = log.term(index)!;
    low = index;
    runs.push({ term: known, index });
  }
  return runs;
}

/** The first index in (low, high] with a term after `term`; that of `high` is, and terms never go back. */
function firstAfter(log: LogView, term: Term, low: Index, high: Index): Index {
  let [below, above] = [low, high];
  while (above - below > 1) {
    const middle = Math.floor((below + above) / 2);
    if (log.term(middle)! > term) above = middle;
    else below = middle;
  }
  return above;
}
