import type { Index } from '../raft/entry.ts';
import type { SharedState } from './shared-state.ts';

/** What the SQL thread knows of the commit index, which the loop moves in shared memory. */
export class CommitWatch {
  readonly #shared: SharedState;
  readonly #onMoved: (committed: Index) => void;
  #committed: Index = 0;

  constructor(shared: SharedState, onMoved: (committed: Index) => void) {
    this.#shared = shared;
    this.#onMoved = onMoved;
  }

  get committed(): Index {
    return this.#committed;
  }

  /**
   * True if more is committed, and on this disk: the main file may hold no more than this log. While the database may hold
   * what the log has not, that says nothing: a later leader's entries may be meant. The loop notes it first, so it comes second.
   */
  look(): boolean {
    const committed = this.#shared.stableAfter(this.#committed);
    if (committed <= this.#committed || this.#shared.suspect) return false;
    this.#committed = committed;
    this.#onMoved(committed);
    return true;
  }

  /** Says whether this thread waits for the commit index. True if it moved just before that was said: nobody else would tell. */
  wait(waits: boolean): boolean {
    this.#shared.wantsCommit = waits;
    return waits && this.look();
  }
}
