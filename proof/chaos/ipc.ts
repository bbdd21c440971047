import type { Durability, Reached } from '../../src/api/durability.ts';
import type { ReadOptions } from '../../src/api/read-options.ts';
import type { Position } from '../../src/api/request.ts';
import type { Action, Outcome } from '../history/operation.ts';

/** How a read is done: all but the first only by an application, on its own member. */
export type ReadStyle = 'query' | 'in-place' | 'snapshot' | 'transaction';

export interface Reading
  extends Pick<ReadOptions, 'level' | 'maxLagMs' | 'maxLagEntries' | 'forward' | 'after'> {
  readonly style: ReadStyle;
}

/** How a write is done: all but the first only by an application, on its own member. */
export type WriteStyle = 'plain' | 'transaction' | 'deferred' | 'function';

export interface Writing {
  readonly style: WriteStyle;
  /** The name by which it takes effect once; null: a call without any option. */
  readonly id: string | null;
  readonly durability: Durability | null;
  readonly timeoutMs: number;
}

/** What is to be done: a read or a write, as the action is. */
export interface Wish {
  readonly action: Action;
  readonly reading: Reading;
  readonly writing: Writing;
}

/** What a client process is told to do. */
export interface Task extends Wish {
  readonly key: number;
  /** Each has a handle of its own. */
  readonly client: number;
  /** HTTP addresses, in the order in which they are tried. */
  readonly urls: readonly string[];
  readonly attemptsMax: number;
  /** Where the application of a member answers, that is to do it; null: it is done over the member's HTTP. */
  readonly application: string | null;
}

export interface SaidError {
  readonly code: string;
  readonly message: string;
  /** SQLite's name of it, if it is SQLite's. */
  readonly sqlite: string | null;
}

/** What came of a wish. */
export interface Answered {
  readonly outcome: Outcome;
  readonly position: Position | null;
  readonly reached: Reached | null;
  /** What a write can be asked for with, as far as its answer said. */
  readonly id: string | null;
  readonly error: SaidError | null;
  /** All that the handle has written and read by now. */
  readonly token: string | null;
}

/** What came of a task. Times are those of `machineMs`. */
export interface Done extends Answered {
  readonly key: number;
  readonly called: number;
  readonly returned: number;
}

/** What the cluster says about the write with this id when all is over. */
export type Fate =
  | {
      readonly state: 'committed';
      readonly position: Position;
      readonly observed: true | false | null;
    }
  | { readonly state: 'rejected' | 'unknown' };

/** The machine's monotonic clock in ms: the same in every process. */
export function machineMs(): number {
  return Number(process.hrtime.bigint() / 1_000n) / 1_000;
}
