import type { EntryId, Index, Term } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';

/** What became of the entries that this member made in a term. */
export interface Settled {
  readonly term: Term;
  /** Those up to here are committed, later ones never will be; 0: none is; null: nobody here can tell. */
  readonly through: Index | null;
}

/** Of an executed write: it counts, it is to be done again, or nobody here knows. */
export type Fate = 'committed' | 'discarded' | 'unknown';

/** Null if it is of a later leadership. */
export function fateOf(position: EntryId, { term, through }: Settled): Fate | null {
  if (position.term > term) return null;
  if (through === null) return 'unknown';
  // An answer that was kept under a request id: it is in the log before our own entries, and so committed if one of them is.
  if (position.term < term) return through > 0 ? 'committed' : 'unknown';
  return position.index <= through ? 'committed' : 'discarded';
}

/**
 * Decides what became of the entries that this member made as a leader and did not see committed before it lost leadership.
 * Once an entry of a later term is committed, the log up to there is final (I3): what it has of the old term is committed,
 * all else of that term never will be.
 */
export class Settlement {
  #terms: Term[] = [];

  get open(): boolean {
    return this.#terms.length > 0;
  }

  /** Leadership of `term` was lost. */
  begin(term: Term): void {
    this.#terms.push(term);
  }

  /** The terms that can be decided now, the earliest first; then the matter is closed. */
  settle(log: LogView, commit: Index): Settled[] {
    const committed = log.term(commit);
    const last = this.#terms.at(-1);
    if (last === undefined || committed === undefined || committed <= last) return [];
    const terms = this.#terms;
    this.#terms = [];
    return terms.map((term) => ({ term, through: lastOf(term, log, commit) }));
  }
}

/** The last entry of `term`, which is followed by later ones. */
function lastOf(term: Term, log: LogView, commit: Index): Index | null {
  const { base } = log;
  let index = commit;
  while (index > base.index && log.term(index)! > term) index--;
  const found = log.term(index)!;
  if (found === term) return index;
  // A snapshot may have taken the place of the entries in question.
  return found > term ? null : 0;
}
