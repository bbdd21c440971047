import type { MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { Leadership } from './leadership.ts';
import type { Network } from './network.ts';
import { successor } from './switchover.ts';

export interface ShutdownParts {
  readonly self: MemberId;
  readonly raft: Raft;
  readonly tracker: DatabaseTracker;
  readonly leadership: Leadership;
  readonly network: Network;
  /** Handing over may take this long; then the others have to find out by themselves. */
  readonly handOverMs: number;
  readonly closeDatabase: () => void;
}

/** A clean stop: a leader hands over before it goes, so that nobody has to find out, then the database is closed. */
export class Shutdown {
  readonly #parts: ShutdownParts;
  #phase: 'running' | 'handing-over' | 'closing' = 'running';
  #untilMs = 0;

  constructor(parts: ShutdownParts) {
    this.#parts = parts;
  }

  get begun(): boolean {
    return this.#phase !== 'running';
  }

  begin(nowMs: number): void {
    if (this.begun) return;
    this.#phase = 'handing-over';
    this.#untilMs = nowMs + this.#parts.handOverMs;
  }

  /** Call when anything may have changed. */
  look(nowMs: number): void {
    if (this.#phase !== 'handing-over') return;
    if (nowMs < this.#untilMs && this.#mustWait()) return this.#handOver();
    this.#phase = 'closing';
    this.#parts.closeDatabase();
  }

  /** First the SQL thread executes no more and everything it executed is in the log; then somebody else may lead. */
  #handOver(): void {
    const { raft, tracker } = this.#parts;
    tracker.stopLeading(true);
    const to = this.#successor();
    if (raft.canPropose() && !tracker.settling && to !== null) raft.transferLeadership(to);
  }

  #successor(): MemberId | null {
    const { self, raft, network } = this.#parts;
    return successor(self, raft, network);
  }

  /** Nobody took over yet, or writes are under way whose outcome will be known. */
  #mustWait(): boolean {
    const { raft, leadership } = this.#parts;
    const alone = raft.membership.filter((m) => m.voter).length === 1;
    if (alone) return leadership.unsettled;
    return this.#successor() !== null && (leadership.unsettled || raft.role === 'leader');
  }
}
