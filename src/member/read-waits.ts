import type { CancelSignal } from '../api/cancel-signal.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';
import type { SharedState } from './shared-state.ts';

/** How long a read waits at most, and who may end it before. */
export interface WaitLimits {
  readonly deadlineMs: number;
  readonly signal: CancelSignal | null;
}

interface Waiting {
  readonly isTrue: () => boolean;
  readonly end: (error: unknown) => void;
}

/** Reads that wait until something in shared memory has come true. They look when they are told that something has changed. */
export class ReadWaits {
  readonly #shared: SharedState;
  readonly #clock: Clock;
  readonly #waitingMax: number;
  readonly #waiting = new Set<Waiting>();

  constructor(shared: SharedState, clock: Clock, waitingMax: number) {
    this.#shared = shared;
    this.#clock = clock;
    this.#waitingMax = waitingMax;
  }

  /**
   * Resolves when it is true. Rejects with what `isTrue` throws, with the signal's reason, with OVERLOADED, and at the
   * deadline with what `tooLate` gives.
   */
  async until(
    isTrue: () => boolean,
    { deadlineMs, signal }: WaitLimits,
    tooLate: () => PacelineError,
  ): Promise<void> {
    if (signal?.aborted === true) throw signal.reason;
    if (isTrue()) return;
    if (this.#waiting.size >= this.#waitingMax) throw overloaded(this.#waitingMax);
    const leftMs = deadlineMs - this.#clock.now();
    if (leftMs <= 0) throw tooLate();
    await new Promise<void>((resolve, reject) => {
      let timer: Timer | null = null;
      const abort = () => waiting.end(signal?.reason);
      const waiting: Waiting = {
        isTrue,
        end: (error) => {
          this.#waiting.delete(waiting);
          this.#shared.readersWait = this.#waiting.size > 0;
          timer?.cancel();
          signal?.removeEventListener('abort', abort);
          if (error === null) resolve();
          else reject(error);
        },
      };
      this.#waiting.add(waiting);
      timer = this.#clock.later(() => waiting.end(tooLate()), leftMs);
      signal?.addEventListener('abort', abort);
      // Who changes something looks at this after it, so what changes from here on is told.
      this.#shared.readersWait = true;
      this.#look(waiting);
    });
  }

  /** Something may have changed. */
  wake(): void {
    for (const waiting of [...this.#waiting]) this.#look(waiting);
  }

  /** Nothing will change any more. */
  failAll(error: PacelineError): void {
    for (const waiting of [...this.#waiting]) waiting.end(error);
  }

  #look(waiting: Waiting): void {
    try {
      if (waiting.isTrue()) waiting.end(null);
    } catch (error) {
      waiting.end(error);
    }
  }
}

function overloaded(max: number): PacelineError {
  return new PacelineError(
    'OVERLOADED',
    `${max} reads are waiting already: slow down, or raise readQueueMax`,
  );
}
