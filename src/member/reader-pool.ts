import { PacelineError } from '../base/errors.ts';
import type { ReadRequest } from './read-request.ts';
import type { ReadWaits } from './read-waits.ts';
import { ReaderThread, type StartReader } from './reader-thread.ts';
import type { ThisCopy } from './this-copy.ts';

export interface ReaderPoolParts {
  readonly copy: ThisCopy;
  readonly waits: ReadWaits;
  readonly threadsMax: number;
  /** Null where there are no threads. */
  readonly start: StartReader | null;
}

/** A few threads for long reads, started when they are first needed. A read that finds all of them busy waits for one. */
export class ReaderPool {
  readonly #parts: ReaderPoolParts;
  readonly #threads = new Set<ReaderThread>();
  readonly #taken = new Set<ReaderThread>();

  constructor(parts: ReaderPoolParts) {
    this.#parts = parts;
  }

  /** A thread for the caller alone, until `release`. Rejects as `ReadWaits.until` does, and with NOT_READY. */
  async take(request: ReadRequest): Promise<ReaderThread> {
    let thread: ReaderThread | null = null;
    const found = () => {
      thread ??= this.#tryTake();
      return thread !== null;
    };
    await this.#parts.waits.until(found, request, () => this.#allBusy());
    return thread!;
  }

  /** One that still works on what nobody waits for any more is free when that is over. */
  release(thread: ReaderThread): void {
    this.#taken.delete(thread);
    this.#parts.waits.wake();
  }

  /** The WAL has become too long for what they hold. */
  endOld(): void {
    for (const thread of this.#threads) thread.look();
  }

  /** The files are about to be replaced, or closed. Resolves when no thread has them open any more. */
  async close(why: PacelineError): Promise<void> {
    const threads = [...this.#threads];
    this.#threads.clear();
    await Promise.all(threads.map((thread) => thread.close(why)));
  }

  #tryTake(): ReaderThread | null {
    const { copy, threadsMax } = this.#parts;
    copy.check();
    for (const thread of this.#threads) if (thread.dead) this.#threads.delete(thread);
    const free = [...this.#threads].find((one) => !one.busy && !this.#taken.has(one));
    if (free === undefined && this.#threads.size >= threadsMax) return null;
    const thread = free ?? this.#start();
    this.#taken.add(thread);
    return thread;
  }

  #start(): ReaderThread {
    const { start, waits } = this.#parts;
    if (start === null)
      throw new PacelineError('REQUEST_INVALID', 'there are no threads for reads here');
    const thread = new ReaderThread(start, () => waits.wake());
    this.#threads.add(thread);
    return thread;
  }

  #allBusy(): PacelineError {
    return new PacelineError(
      'OVERLOADED',
      `all ${this.#parts.threadsMax} threads for long reads are busy: try again, or raise readWorkersMax`,
    );
  }
}
