import type { CancelSignal } from './cancel-signal.ts';
import type { Durability } from './durability.ts';
import type { ReadOptions } from './read-options.ts';

/**
 * - `write`: has the leader's writer connection to itself from its beginning on; other writers wait.
 * - `deferred`: the same from its first statement on; before that it holds nobody up. It never meets a snapshot that is no
 *   longer current, as SQLite's own deferred transactions do.
 * - `read`: one committed state of this member's own copy, as `snapshot` gives; nobody waits for it, and the leader does not
 *   hear of it. A statement that writes is refused (READ_ONLY). There is nothing for its commit to record.
 */
export type TransactionMode = 'write' | 'read' | 'deferred';

export const TRANSACTION_MODES: readonly TransactionMode[] = ['write', 'read', 'deferred'];

/** In mode `read` also what its state must have, and whether its statements run on a thread of their own. */
type StateOptions = Pick<ReadOptions, 'level' | 'maxLagMs' | 'maxLagEntries' | 'after' | 'worker'>;

export interface TransactionOptions extends StateOptions {
  /** Names its commit for exactly-once retries (I9), as `id` of a write does. Made by Paceline when absent. Not in mode `read`. */
  readonly id?: string;
  /**
   * How long to wait for its turn, and for the outcome of a commit that is not known at once; default `writeTimeoutMs`. In mode
   * `read`, until this member has a state to give; default `readTimeoutMs`.
   */
  readonly timeoutMs?: number;
  /** Open for longer than this it is rolled back (TRANSACTION_ABORTED); default, and at most, `transactionTimeoutMs`. */
  readonly lifetimeMs?: number;
  /** On how many disks its commit must be before that is acknowledged; default the `durability` of `open`. Not in mode `read`. */
  readonly durability?: Durability;
  /** Rolls it back; a commit that is under way then rejects with OUTCOME_UNKNOWN, or is done in time. */
  readonly signal?: CancelSignal;
}

export interface TransactionRunOptions extends TransactionOptions {
  /** Default `write`. */
  readonly mode?: TransactionMode;
  /** How often the function is called again after a TRANSACTION_ABORTED; default 0. It must bear that. */
  readonly retries?: number;
}
