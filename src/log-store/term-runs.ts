import { assert } from '../base/assert.ts';
import type { Index, Term } from '../raft/entry.ts';

/**
 * The term of every kept entry, as runs: memory grows with the number of elections, not of entries.
 * Invariant: starts ascend strictly, terms ascend strictly.
 */
export class TermRuns {
  #starts: Index[] = [];
  #terms: Term[] = [];

  /** Of the last entry; null when there is none. */
  get last(): Term | null {
    return this.#terms.at(-1) ?? null;
  }

  /** Notes the next entry. */
  append(index: Index, term: Term): void {
    const last = this.#terms.at(-1);
    if (last === term) return;
    assert(last === undefined || term > last, `term ${term} at ${index} after term ${last}`);
    this.#starts.push(index);
    this.#terms.push(term);
  }

  truncateFrom(index: Index): void {
    while ((this.#starts.at(-1) ?? -1) >= index) {
      this.#starts.pop();
      this.#terms.pop();
    }
  }

  /** Forgets runs that end at or below `index`. */
  dropTo(index: Index): void {
    let runs = 0;
    while ((this.#starts[runs + 1] ?? Number.POSITIVE_INFINITY) <= index + 1) runs++;
    this.#starts = this.#starts.slice(runs);
    this.#terms = this.#terms.slice(runs);
  }

  copy(): TermRuns {
    const copy = new TermRuns();
    copy.#starts = this.#starts.slice();
    copy.#terms = this.#terms.slice();
    return copy;
  }

  clear(): void {
    this.#starts = [];
    this.#terms = [];
  }

  /** The term at `index`, which the caller knows to be inside the log. */
  at(index: Index): Term {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    const term = this.#terms[low];
    assert(term !== undefined && this.#starts[low]! <= index, `no term known at ${index}`);
    return term;
  }
}
