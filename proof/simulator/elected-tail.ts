import type { EntryId } from '../../src/raft/entry.ts';

/**
 * The log of a member at its election. It applies all of that before it is committed; others may have elected another one
 * meanwhile, and committed something else in its place: then it is about to undo that, and nobody has seen it.
 */
export class ElectedTail {
  #last: EntryId | null = null;

  /** In this term, with a log that ends at this index. */
  elected(last: EntryId): void {
    this.#last = last;
  }

  /** Something of the database was undone: what is applied now is ordered by what the log has become. */
  undone(): void {
    this.#last = null;
  }

  has({ term, index }: EntryId): boolean {
    return this.#last !== null && index <= this.#last.index && term <= this.#last.term;
  }
}
