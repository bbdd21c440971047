import type { Index, Term } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';

/**
 * A leader's right to serve strong reads without asking anybody (Ongaro's dissertation, 6.4.1). Voters that confirmed a round
 * begun at some moment help nobody else to lead for an election timeout from then (`protectLeader`); until that
 * is over by our clock, less what clocks may differ, what we have committed is all that anybody has.
 */
export class LeaderLease {
  readonly #raft: Raft;
  readonly #now: () => number;
  /** From the begin of a round, for what voters promise. */
  readonly #lastsMs: (promisedTicks: number) => number;
  #term: Term = 0;
  #untilMs = Number.NEGATIVE_INFINITY;

  constructor(raft: Raft, now: () => number, lastsMs: (promisedTicks: number) => number) {
    this.#raft = raft;
    this.#now = now;
    this.#lastsMs = lastsMs;
  }

  /** The term that this member leads and could hold a lease in; null without one. */
  get term(): Term | null {
    return this.#raft.leaseTicks() > 0 ? this.#raft.term : null;
  }

  /** The commit index if it is current now; null if that is not known. */
  current(): Index | null {
    // The clock is looked at last: however long this thread stands still after that, it was current then.
    if (this.term !== this.#term || this.#now() >= this.#untilMs) return null;
    return this.#raft.commit;
  }

  /** A round that this member began as the leader of `term`, not before `beganMs`, was confirmed. */
  confirmed(beganMs: number, term: Term): void {
    if (this.term !== term) return;
    this.#term = term;
    this.#untilMs = beganMs + this.#lastsMs(this.#raft.leaseTicks());
  }
}
