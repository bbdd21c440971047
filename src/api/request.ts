import type { PacelineError } from '../base/errors.ts';
import type { CancelSignal } from './cancel-signal.ts';
import type { Durability, Reached } from './durability.ts';
import type { SqlArgs, SqlValue } from './value.ts';

/** One SQL statement with its arguments. */
export interface Statement {
  readonly sql: string;
  readonly args?: SqlArgs;
}

/** A place in the replicated history: (term, index), never the index alone. Ordered by term, then index. */
export interface Position {
  readonly term: number;
  readonly index: number;
}

export interface StatementResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
  /** Rows that this statement itself inserted, updated or deleted (SQLite's changes()). */
  readonly changes: number;
  /** SQLite's last_insert_rowid() after the statement. */
  readonly lastInsertRowid: number | bigint;
}

/** What the writer of a write has in hand once it is acknowledged. */
export interface Receipt {
  /** Where it is in the history; of a retry, where the first attempt is. */
  readonly position: Position;
  /** The id that it is recorded under; null for one that was asked without options of the member that led, which records none. */
  readonly id: string | null;
  readonly reached: Reached;
  /** From the call to the acknowledgement. */
  readonly elapsedMs: number;
}

export interface ExecuteResult extends StatementResult, Receipt {}

export interface BatchResult extends Receipt {
  readonly results: readonly StatementResult[];
}

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface WriteOptions {
  /**
   * Names this write for exactly-once retries (I9). Made by Paceline when absent, for a write with any option and for one
   * that is sent to another member. At most `requestIdBytesMax` bytes.
   */
  readonly id?: string;
  /** How long to wait for the outcome, forwarding and elections included; default `writeTimeoutMs`. */
  readonly timeoutMs?: number;
  /** On how many disks it must be before it is acknowledged; default the `durability` of `open`, `quorum`. */
  readonly durability?: Durability;
  /**
   * Ends the waiting. The call rejects with the signal's reason if nothing was done, nor will be; else with
   * OUTCOME_UNKNOWN.
   */
  readonly signal?: CancelSignal;
}

export type OutcomeOptions = Pick<WriteOptions, 'timeoutMs' | 'signal'>;

/** What became of a write with a request id, as far as the cluster remembers. */
export type WriteOutcome =
  | {
      readonly state: 'committed';
      readonly results: readonly StatementResult[];
      readonly position: Position;
      readonly reached: Reached;
    }
  /** It was refused, and changed nothing; `error` is the answer that it got. */
  | { readonly state: 'rejected'; readonly error: PacelineError }
  /** Nothing is recorded: it was not done so far, or is older than the last `requestIdsKept` ids. */
  | { readonly state: 'unknown' };
