import type { ReadOptions } from '../../src/api/read-options.ts';
import type { Position } from '../../src/api/request.ts';
import type { Action, Outcome } from '../history/operation.ts';

/** What a client process is told to do. */
export interface Task {
  readonly key: number;
  /** The session: each has a handle of its own. */
  readonly client: number;
  readonly action: Action;
  /** HTTP addresses, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly attemptsMax: number;
  /** Of a write: the name by which it takes effect once. */
  readonly id: string;
  /** Of a read. */
  readonly reading: Pick<ReadOptions, 'level' | 'maxLagMs' | 'forward'>;
}

/** What came of it. Times are those of `machineMs`. */
export interface Done {
  readonly key: number;
  readonly called: number;
  readonly returned: number;
  readonly outcome: Outcome;
  readonly position: Position | null;
  readonly error: {
    readonly code: string;
    readonly message: string;
    /** SQLite's name of it, if it is SQLite's. */
    readonly sqlite: string | null;
  } | null;
}

/** The machine's monotonic clock in ms: the same in every process. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
