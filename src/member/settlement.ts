import type { Index, Term } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';

/**
 * Decides what became of the entries that this member made in a term and did not see committed before it lost leadership.
 * Once an entry of a later term is committed, the log up to there is final (I3): those of the old term that are
 * in it are committed, the others never will be.
 */
export class Settlement {
  #term: Term | null = null;

  get open(): boolean {
    return this.#term !== null;
  }

  /** Leadership of `term` was lost. */
  begin(term: Term): void {
    this.#term = term;
  }

  /** The last index at which entries of `term` and before are committed, once that is final; then the matter is closed. */
  settle(log: LogView, commit: Index): { readonly term: Term; readonly through: Index } | null {
    const term = this.#term;
    const committed = log.term(commit);
    if (term === null || committed === undefined || committed <= term) return null;
    this.#term = null;
    let through = commit;
    while (through > log.base.index && log.term(through)! > term) through--;
    // A snapshot took the place of the entries in question: nobody here can tell any more.
    if (log.term(through)! > term) return null;
    return { term, through };
  }
}
