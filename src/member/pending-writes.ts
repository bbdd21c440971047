import type { CancelSignal } from '../api/cancel-signal.ts';
import type { Durability } from '../api/durability.ts';
import type {
  ExecuteResult,
  Position,
  Receipt,
  Statement,
  StatementResult,
} from '../api/request.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';

/** How often deadlines are looked at: a timer for each write would cost more than the write. */
const SWEEP_MS = 20;

export interface WriteReceipt extends Receipt {
  readonly results: readonly StatementResult[];
}

/** An acknowledgement, before what the caller's thread knows of the write is added. */
export type Acknowledged = Pick<WriteReceipt, 'results' | 'position' | 'reached'>;

/** With this member's SQL thread; with the loop on its way to the leader; or here, behind earlier writes. */
export type Place = 'sql' | 'loop' | 'here';

/** The answer of this member's own SQL thread to a write that is not as durable yet as was asked for. */
interface Ran {
  readonly position: Position;
  readonly answer: Acknowledged;
}

/** A write that the application waits for. */
export interface PendingWrite {
  /** Rises from write to write. */
  readonly key: number;
  readonly statements: readonly Statement[];
  /** Of SQL and arguments, roughly. */
  readonly bytes: number;
  /** The caller's, or ours: from the start with any option, else from the moment it is forwarded. */
  id: string | null;
  /** Null for a majority, without having been asked for. */
  readonly durability: Durability | null;
  readonly startedMs: number;
  /** Put off once, while a write is taken back. */
  deadlineMs: number;
  /** It is being taken back. */
  ending: boolean;
  at: Place;
  /** With a durability: it was executed here, in the leadership that there is, and waits to be that durable. */
  ran: Ran | null;
  /** It was executed in a leadership that is over, and may be in the history; only where it has an id. */
  maybeDone: boolean;
  readonly signal: CancelSignal | null;
  stopListening: (() => void) | null;
  readonly resolve: (receipt: WriteReceipt) => void;
  readonly reject: (error: unknown) => void;
}

/** Codes that say, of a write whose caller gave it up, that nothing of it was or will be done. */
const NOT_DONE = ['TIMED_OUT', 'NO_LEADER'];

/** The writes of one handle until each is answered, once. */
export class PendingWrites {
  readonly #pending = new Map<number, PendingWrite>();
  #bytes = 0;
  /** How many writes are where; questions are not counted, as they have no place in the order. */
  readonly #count: Record<Place, number> = { sql: 0, loop: 0, here: 0 };
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
    if (!isQuestion(write)) this.#count[write.at]++;
    if (this.#sweep === null) this.#sweepLater();
  }

  /** How many writes are there. */
  count(at: Place): number {
    return this.#count[at];
  }

  move(write: PendingWrite, to: Place): void {
    if (!isQuestion(write)) {
      this.#count[write.at]--;
      this.#count[to]++;
    }
    write.at = to;
  }

  get(key: number): PendingWrite | undefined {
    return this.#pending.get(key);
  }

  all(): PendingWrite[] {
    return [...this.#pending.values()];
  }

  answer(write: PendingWrite, answer: Acknowledged | PacelineError): void {
    if (answer instanceof PacelineError) return this.fail(write, answer);
    if (!this.#remove(write)) return;
    const elapsedMs = this.#clock.now() - write.startedMs;
    const { results, position, reached } = answer;
    write.resolve({ results, position, id: write.id, reached, elapsedMs });
  }

  fail(write: PendingWrite, error: PacelineError): void {
    if (!this.#remove(write)) return;
    const gaveUp = write.signal?.aborted === true && NOT_DONE.includes(error.code);
    write.reject(gaveUp ? write.signal.reason : named(error, write.id));
  }

  failAll(error: PacelineError): void {
    for (const write of this.all()) this.fail(write, error);
  }

  #remove(write: PendingWrite): boolean {
    const there = this.#pending.delete(write.key);
    if (there) this.#forget(write);
    if (this.#pending.size === 0 && this.#sweep !== null) {
      this.#sweep.cancel();
      this.#sweep = null;
    }
    return there;
  }

  #forget(write: PendingWrite): void {
    this.#bytes -= write.bytes;
    if (!isQuestion(write)) this.#count[write.at]--;
    write.stopListening?.();
  }

  #sweepLater(): void {
    this.#sweep = this.#clock.later(() => {
      this.#sweepLater();
      this.#checkDeadlines();
    }, SWEEP_MS);
  }

  #checkDeadlines(): void {
    const now = this.#clock.now();
    for (const write of this.#pending.values())
      if (write.deadlineMs <= now) this.#onDeadline(write);
  }
}

/** A write without statements asks what became of the one with its id. */
export function isQuestion({ statements }: Pick<PendingWrite, 'statements'>): boolean {
  return statements.length === 0;
}

/** Whoever is not told the outcome is told how to ask for it. */
function named(error: PacelineError, id: string | null): PacelineError {
  if (error.code !== 'OUTCOME_UNKNOWN' || id === null) return error;
  return PacelineError.fromRecord({ ...error.toRecord(), requestId: id });
}

/** The receipt of a write of one statement, with its result. Spelt out, because copying properties costs a third of the calling thread's time. */
export function ofOne({ results, position, id, reached, elapsedMs }: WriteReceipt): ExecuteResult {
  const { columns, rows, changes, lastInsertRowid } = results[0]!;
  return { columns, rows, changes, lastInsertRowid, position, id, reached, elapsedMs };
}
