import type { EntryId } from '../raft/entry.ts';
import type { Outcome } from '../sqlite/executor.ts';
import type { PlainAnswers } from './protocol.ts';

/** Gathers the answers that fit a flat list, by position: nearly always one list for a whole commit. */
export class PlainAnswerLists {
  readonly #lists = new Map<EntryId, (number | bigint)[]>();

  /** False for an answer that does not fit: an error, rows, or the results of several statements. */
  take(key: number, outcome: Outcome): boolean {
    if ('error' in outcome) return false;
    const [only] = outcome.results;
    if (only === undefined || outcome.results.length > 1 || only.columns.length > 0) return false;
    const list = this.#lists.get(outcome.position) ?? [];
    if (list.length === 0) this.#lists.set(outcome.position, list);
    list.push(key, only.changes, only.lastInsertRowid);
    return true;
  }

  *lists(): Generator<PlainAnswers> {
    for (const [position, flat] of this.#lists) yield { type: 'plain-answers', position, flat };
  }
}
