import { asPacelineError, type ErrorRecord, type PacelineError } from '../base/errors.ts';
import type { Outcome } from '../sqlite/executor.ts';
import type { Clock, Timer } from './clock.ts';
import { needsRebuild, passes, refusesCommits } from './fault-kinds.ts';
import type { SqlToLoop } from './protocol.ts';

/** A foreign process's lock, or a full disk, is tried again after this long. */
const RETRY_MS = 50;

export interface SqlFailuresParts {
  readonly clock: Clock;
  readonly tellLoop: (message: SqlToLoop) => void;
  readonly rebuild: (error: PacelineError) => void;
  /** Refuses what waits. */
  readonly refuse: (error: PacelineError) => void;
  readonly tryAgain: () => void;
}

/**
 * What becomes of an error in the SQL thread: what passes by itself is tried again, what does not is rebuilt, or stops the
 * member. Tells the loop when something begins to keep the database from being worked on, and when that is over.
 */
export class SqlFailures {
  readonly #parts: SqlFailuresParts;
  #retry: Timer | null = null;
  /** The trouble that the loop knows of. */
  #told: ErrorRecord | null = null;
  /** It refused a commit: that it is over is shown by a commit only. */
  #untilCommit = false;

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
    this.#hinders(known.toRecord());
    refuse(known);
    this.#retry ??= clock.later(() => {
      this.#retry = null;
      tryAgain();
    }, RETRY_MS);
  }

  /** What became of writes that were not committed, and were told so. */
  refused(outcomes: readonly Outcome[]): void {
    for (const outcome of outcomes) {
      if (!('error' in outcome) || !refusesCommits(outcome.error.code)) continue;
      this.#untilCommit = true;
      return this.#hinders(outcome.error);
    }
  }

  /** Something was committed. */
  committed(): void {
    this.#untilCommit = false;
  }

  /** Call at the end of a turn in which nothing failed: what had failed before was tried again in it. Only who leads commits. */
  turnEnded(leading: boolean): void {
    if (!leading) this.#untilCommit = false;
    if (this.#told === null || this.pause || this.#untilCommit) return;
    this.#told = null;
    this.#parts.tellLoop({ type: 'hindered', error: null });
  }

  stop(): void {
    this.#retry?.cancel();
  }

  #hinders(error: ErrorRecord): void {
    if (this.#told?.code === error.code) return;
    this.#told = error;
    this.#parts.tellLoop({ type: 'hindered', error });
  }
}
