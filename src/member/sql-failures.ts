import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';
import { needsRebuild } from './database-slot.ts';
import type { SqlToLoop } from './protocol.ts';

/** A foreign process's lock, or a full disk, is tried again after this long. */
const RETRY_MS = 50;
/** Troubles that pass by themselves. */
const PASSING = ['DATABASE_BUSY', 'DISK_FULL'];

export function passes(error: unknown): boolean {
  return error instanceof PacelineError && PASSING.includes(error.code);
}

export interface SqlFailuresParts {
  readonly clock: Clock;
  readonly tellLoop: (message: SqlToLoop) => void;
  readonly rebuild: (error: PacelineError) => void;
  /** Refuses what waits. */
  readonly refuse: (error: PacelineError) => void;
  readonly tryAgain: () => void;
}

/** What becomes of an error in the SQL thread: what passes by itself is tried again, what does not is rebuilt, or stops the member. */
export class SqlFailures {
  readonly #parts: SqlFailuresParts;
  #retry: Timer | null = null;

  constructor(parts: SqlFailuresParts) {
    this.#parts = parts;
  }

  /** While true nothing is tried: a moment ago it did not work. */
  get pause(): boolean {
    return this.#retry !== null;
  }

  handle(error: unknown): void {
    const { tellLoop, rebuild, refuse, clock, tryAgain } = this.#parts;
    if (needsRebuild(error)) return rebuild(error);
    const known = asPacelineError(error);
    if (!passes(known)) return tellLoop({ type: 'fault', error: known.toRecord() });
    tellLoop({ type: 'warning', message: known.message });
    refuse(known);
    this.#retry ??= clock.later(() => {
      this.#retry = null;
      tryAgain();
    }, RETRY_MS);
  }

  stop(): void {
    this.#retry?.cancel();
  }
}
