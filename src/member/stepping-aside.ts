import type { MemberId, Term } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { DatabaseHealth } from './database-health.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { LoopLog } from './loop-log.ts';
import type { Network } from './network.ts';
import { successors } from './switchover.ts';

/** A member that stepped aside for a problem of its own does not do so again before so many times the delay. */
const AGAIN_FACTOR = 10;

export interface SteppingAsideParts {
  readonly self: MemberId;
  readonly raft: Raft;
  readonly tracker: Pick<DatabaseTracker, 'stopLeading' | 'settling'>;
  readonly network: Pick<Network, 'isConnected'>;
  readonly health: Pick<DatabaseHealth, 'problem' | 'problemForMs'>;
  readonly loopLog: LoopLog;
  /** A leader that cannot work is borne for as long as one that is silent. */
  readonly delayMs: number;
}

/**
 * A leader whose database cannot be worked on hands over: the others can go on. As a follower it is behind until its problem
 * is over.
 */
export class SteppingAside {
  readonly #parts: SteppingAsideParts;
  /** The term that this member leads and is giving away. */
  #leaving: Term | null = null;
  #leftMs = Number.NEGATIVE_INFINITY;
  /** Who was asked last: another one is asked next, since he may have the same problem. */
  #asked: MemberId | null = null;

  constructor(parts: SteppingAsideParts) {
    this.#parts = parts;
  }

  tick(nowMs: number): void {
    const { raft } = this.#parts;
    if (raft.role !== 'leader') this.#leaving = null;
    else if (this.#leaving === raft.term || this.#must(nowMs)) this.#leave(nowMs);
  }

  #must(nowMs: number): boolean {
    const { delayMs, health } = this.#parts;
    if (health.problem === null || health.problemForMs(nowMs) < delayMs) return false;
    return nowMs - this.#leftMs >= delayMs * AGAIN_FACTOR && this.#successor() !== null;
  }

  /** From the first step on there is no way back in this term: nothing is executed any more. */
  #leave(nowMs: number): void {
    const { raft, tracker, health, loopLog } = this.#parts;
    if (this.#leaving !== raft.term)
      loopLog.warn(`another member is asked to lead: ${health.problem?.code} here`);
    this.#leaving = raft.term;
    this.#leftMs = nowMs;
    tracker.stopLeading(true);
    const to = this.#successor();
    if (tracker.settling || !raft.canPropose() || to === null) return;
    this.#asked = to;
    raft.transferLeadership(to);
  }

  #successor(): MemberId | null {
    const { self, raft, network } = this.#parts;
    const all = successors(self, raft, network);
    return all.find((id) => id !== this.#asked) ?? all[0] ?? null;
  }
}
