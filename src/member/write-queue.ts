import type { PacelineError } from '../base/errors.ts';
import type { Write } from '../sqlite/executor.ts';
import type { TransactionRef } from './protocol.ts';

export interface QueuedWrite extends Write {
  readonly key: number;
  /** Who asked, and gets the answer. */
  readonly from: 'app' | 'loop';
}

/** The beginning of an interactive transaction, which waits for its turn like a write. */
export interface QueuedTransaction extends TransactionRef {
  readonly key: number;
  /** The request id that its commit is recorded under. */
  readonly id: string;
  readonly lifetimeMs: number;
}

type Queued = QueuedWrite | QueuedTransaction;

/** Writes in one SQLite commit at most; its time limit usually ends it earlier. */
const BATCH_WRITES_MAX = 1024;

/**
 * What waits for the writer connection, in the order of arrival. It is bounded by those who send: this member's handle
 * (`writeQueueMax`), each member that forwards (`FORWARDED_MAX`), each handle with transactions (`TRANSACTIONS_MAX`).
 */
export class WriteQueue {
  readonly #refuse: (queued: Queued, error: PacelineError) => void;
  #waiting: Queued[] = [];
  /** How many of them are transactions: mostly none, and then a batch is all that waits. */
  #transactions = 0;

  constructor(refuse: (queued: Queued, error: PacelineError) => void) {
    this.#refuse = refuse;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(queued: Queued): void {
    this.#waiting.push(queued);
    if (isTransaction(queued)) this.#transactions++;
  }

  /** The writes in front of the first transaction. */
  takeBatch(): QueuedWrite[] {
    const upTo = this.#transactions === 0 ? this.size : this.#waiting.findIndex(isTransaction);
    const count = Math.min(upTo, BATCH_WRITES_MAX);
    if (count < this.size) return this.#waiting.splice(0, count) as QueuedWrite[];
    const batch = this.#waiting;
    this.#waiting = [];
    return batch as QueuedWrite[];
  }

  /** A transaction whose turn it is. */
  takeTransaction(): QueuedTransaction | null {
    const [first] = this.#waiting;
    if (this.#transactions === 0 || first === undefined || !isTransaction(first)) return null;
    this.#waiting.shift();
    this.#transactions--;
    return first;
  }

  /** Writes that were taken and not run, to the front again. */
  putBack(writes: QueuedWrite[]): void {
    if (writes.length > 0) this.#waiting = [...writes, ...this.#waiting];
  }

  hasTransaction(is: (transaction: QueuedTransaction) => boolean): boolean {
    return (
      this.#transactions > 0 && this.#waiting.some((queued) => isTransaction(queued) && is(queued))
    );
  }

  /** Takes the transactions out for which `is` holds; they get no answer. */
  removeTransactions(is: (transaction: QueuedTransaction) => boolean): QueuedTransaction[] {
    if (this.#transactions === 0) return [];
    const removed = this.#waiting.filter(isTransaction).filter(is);
    this.#waiting = this.#waiting.filter((queued) => !removed.some((one) => one === queued));
    this.#transactions -= removed.length;
    return removed;
  }

  /** Takes a write of this member's application out; false if it is not here any more. */
  takeBack(key: number): boolean {
    const at = this.#waiting.findIndex(
      (one) => !isTransaction(one) && one.from === 'app' && one.key === key,
    );
    if (at >= 0) this.#waiting.splice(at, 1);
    return at >= 0;
  }

  /** The error is made when it is needed: a follower has nothing to refuse in most of its turns. */
  refuseAll(makeError: () => PacelineError): void {
    if (this.#waiting.length === 0) return;
    const error = makeError();
    const refused = this.#waiting;
    this.#waiting = [];
    this.#transactions = 0;
    for (const queued of refused) this.#refuse(queued, error);
  }
}

export function isTransaction(queued: Queued): queued is QueuedTransaction {
  return 'name' in queued;
}
