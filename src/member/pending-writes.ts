import type { Position, Statement, StatementResult } from '../api/request.ts';
import type { PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';

/** How often deadlines are looked at: a timer for each write would cost more than the write. */
const SWEEP_MS = 20;

export interface WriteReceipt {
  readonly results: readonly StatementResult[];
  readonly position: Position;
}

/** A write that the application waits for. */
export interface PendingWrite {
  readonly key: number;
  readonly statements: readonly Statement[];
  /** Of SQL and arguments, roughly. */
  readonly bytes: number;
  readonly batch: boolean;
  /** The caller's, or ours from the moment it is forwarded. */
  id: string | null;
  readonly deadlineMs: number;
  /** With this member's SQL thread, or with the loop on its way to the leader. */
  at: 'sql' | 'loop';
  readonly resolve: (receipt: WriteReceipt) => void;
  readonly reject: (error: PacelineError) => void;
}

/** An executed write whose position is not committed yet. */
interface Executed {
  readonly write: PendingWrite;
  readonly receipt: WriteReceipt;
}

/** The writes of one handle until each is answered, once. */
export class PendingWrites {
  readonly #pending = new Map<number, PendingWrite>();
  #executed: Executed[] = [];
  #bytes = 0;
  readonly #onDeadline: (write: PendingWrite) => void;
  readonly #clock: Clock;
  #sweep: Timer | null = null;

  constructor(clock: Clock, onDeadline: (write: PendingWrite) => void) {
    this.#clock = clock;
    this.#onDeadline = onDeadline;
  }

  /** Of all that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#pending.size;
  }

  add(write: PendingWrite): void {
    this.#pending.set(write.key, write);
    this.#bytes += write.bytes;
    if (this.#sweep === null) this.#sweepLater();
  }

  get(key: number): PendingWrite | undefined {
    return this.#pending.get(key);
  }

  all(): PendingWrite[] {
    return [...this.#pending.values()];
  }

  /** The write ran; it is answered when its position is committed. */
  executed(write: PendingWrite, receipt: WriteReceipt): void {
    this.#executed.push({ write, receipt });
  }

  /** Everything up to `index` of what this member executed is committed. */
  committed(index: number): void {
    let done = 0;
    for (const { write, receipt } of this.#executed) {
      if (receipt.position.index > index) break;
      this.succeed(write, receipt);
      done++;
    }
    if (done > 0) this.#executed.splice(0, done);
  }

  /** Of what was executed in `term` and before, what is above `through` was discarded; returns it, to be sent again. */
  settled(term: number, through: number): PendingWrite[] {
    const discarded: PendingWrite[] = [];
    this.#executed = this.#executed.filter(({ write, receipt }) => {
      if (receipt.position.term > term) return true;
      if (receipt.position.index <= through) this.succeed(write, receipt);
      else if (this.#pending.has(write.key)) discarded.push(write);
      return false;
    });
    return discarded;
  }

  succeed(write: PendingWrite, receipt: WriteReceipt): void {
    if (this.#remove(write)) write.resolve(receipt);
  }

  fail(write: PendingWrite, error: PacelineError): void {
    if (this.#remove(write)) write.reject(error);
  }

  failAll(error: PacelineError): void {
    for (const write of this.all()) this.fail(write, error);
    this.#executed = [];
  }

  #remove(write: PendingWrite): boolean {
    const there = this.#pending.delete(write.key);
    if (there) this.#bytes -= write.bytes;
    if (this.#pending.size === 0 && this.#sweep !== null) {
      this.#sweep.cancel();
      this.#sweep = null;
    }
    return there;
  }

  #sweepLater(): void {
    this.#sweep = this.#clock.later(() => {
      this.#sweepLater();
      this.#checkDeadlines();
    }, SWEEP_MS);
  }

  #checkDeadlines(): void {
    const now = this.#clock.now();
    for (const write of this.all()) if (write.deadlineMs <= now) this.#onDeadline(write);
  }
}
