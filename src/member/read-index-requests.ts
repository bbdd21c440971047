import type { PacelineError } from '../base/errors.ts';
import type { Index } from '../raft/entry.ts';
import type { ReadWaits, WaitLimits } from './read-waits.ts';

/** Reads that were called in one turn, and share an answer. */
interface Batch {
  readonly key: number;
  index: Index | null;
  waiting: number;
}

export interface IndexPost {
  ask(key: number): void;
  cancel(key: number): void;
}

/** The application's side of read indexes: all reads of one turn share a question to the loop, which asks until it has an answer. */
export class ReadIndexRequests {
  readonly #waits: ReadWaits;
  readonly #post: IndexPost;
  readonly #asked = new Map<number, Batch>();
  #gathering: Batch | null = null;
  #nextKey = 1;

  constructor(waits: ReadWaits, post: IndexPost) {
    this.#waits = waits;
    this.#post = post;
  }

  /** A commit index that was current at some moment after this call. Rejects as `ReadWaits.until` does. */
  async next(limits: WaitLimits, tooLate: () => PacelineError): Promise<Index> {
    const batch = this.#join();
    batch.waiting += 1;
    try {
      await this.#waits.until(() => batch.index !== null, limits, tooLate);
      return batch.index!;
    } finally {
      batch.waiting -= 1;
      if (batch.waiting === 0 && this.#asked.delete(batch.key)) this.#post.cancel(batch.key);
    }
  }

  answered(key: number, index: Index): void {
    const batch = this.#asked.get(key);
    if (batch === undefined) return;
    this.#asked.delete(key);
    batch.index = index;
    this.#waits.wake();
  }

  #join(): Batch {
    if (this.#gathering !== null) return this.#gathering;
    const batch: Batch = { key: this.#nextKey++, index: null, waiting: 0 };
    this.#gathering = batch;
    queueMicrotask(() => {
      this.#gathering = null;
      if (batch.waiting === 0) return;
      this.#asked.set(batch.key, batch);
      this.#post.ask(batch.key);
    });
    return batch;
  }
}
