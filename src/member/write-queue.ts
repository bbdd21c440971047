import { PacelineError } from '../base/errors.ts';
import type { Outcome, Write } from '../sqlite/executor.ts';

export interface QueuedWrite extends Write {
  readonly key: number;
  /** Who asked, and gets the answer. */
  readonly from: 'app' | 'loop';
}

/** Writes in one SQLite commit at most; its time limit usually ends it earlier. */
const BATCH_WRITES_MAX = 1024;

/** Writes that wait for the SQL thread, in the order of their arrival. At the limit a new one is answered OVERLOADED. */
export class WriteQueue {
  readonly #max: number;
  readonly #answer: (write: QueuedWrite, outcome: Outcome) => void;
  #waiting: QueuedWrite[] = [];

  constructor(max: number, answer: (write: QueuedWrite, outcome: Outcome) => void) {
    this.#max = max;
    this.#answer = answer;
  }

  get size(): number {
    return this.#waiting.length;
  }

  push(write: QueuedWrite): void {
    if (this.#waiting.length < this.#max) {
      this.#waiting.push(write);
      return;
    }
    const error = new PacelineError(
      'OVERLOADED',
      `${this.#max} writes are waiting already: slow down, or raise writeQueueMax`,
    );
    this.#answer(write, { error: error.toRecord() });
  }

  takeBatch(): QueuedWrite[] {
    if (this.#waiting.length > BATCH_WRITES_MAX) return this.#waiting.splice(0, BATCH_WRITES_MAX);
    const batch = this.#waiting;
    this.#waiting = [];
    return batch;
  }

  /** Writes that were taken and not run, to the front again. */
  putBack(writes: QueuedWrite[]): void {
    if (writes.length > 0) this.#waiting = [...writes, ...this.#waiting];
  }

  refuseAll(error: PacelineError): void {
    const refused = this.#waiting;
    this.#waiting = [];
    for (const write of refused) this.#answer(write, { error: error.toRecord() });
  }
}
