import type { CancelSignal } from './cancel-signal.ts';
import type { LoadItems, LoadOptions, LoadProgress } from './load.ts';
import type { PrepareOptions, ReadOptions } from './read-options.ts';
import type { ReadStatement, Snapshot } from './reads.ts';
import type {
  BatchResult,
  ExecuteResult,
  OutcomeOptions,
  QueryResult,
  Receipt,
  Statement,
  StatementResult,
  WriteOptions,
  WriteOutcome,
} from './request.ts';
import type { Status } from './status.ts';
import type { TransactionMode, TransactionOptions, TransactionRunOptions } from './transaction.ts';
import type { SqlArgs } from './value.ts';

/** A cluster, through a member in this process or over HTTP. Errors are PacelineError. */
export interface Database {
  /** Runs one statement as its own transaction, on the leader, wherever this is called; resolves when committed on a quorum. */
  execute(sql: string, args?: SqlArgs, options?: WriteOptions): Promise<ExecuteResult>;
  /** Runs the statements as one transaction: all or none. */
  batch(statements: readonly Statement[], options?: WriteOptions): Promise<BatchResult>;
  /**
   * Reads a member's own copy, with the guarantee that `options.level` names. A statement that writes is refused
   * (READ_ONLY); what the member cannot serve in time fails with LAGGING, NO_LEADER or NOT_READY.
   */
  query(sql: string, args?: SqlArgs, options?: ReadOptions): Promise<QueryResult>;
  status(): Promise<Status>;
  /** Hands leadership over if this member leads, stops, and releases the directory. Idempotent. */
  close(): Promise<void>;
}

/** Several statements in one transaction, with the caller's own work between them. Errors of statements leave it open. */
export interface Transaction {
  readonly mode: TransactionMode;
  /** Whether it has ended, in whatever way. */
  readonly closed: boolean;
  /** Sees what this transaction has changed. After an error nothing of the statement is left, and the transaction goes on. */
  execute(sql: string, args?: SqlArgs): Promise<StatementResult>;
  /** Reads, what this transaction has changed included. A statement that writes is refused (READ_ONLY). */
  query(sql: string, args?: SqlArgs): Promise<QueryResult>;
  /** All of them or none; after an error the transaction goes on. */
  batch(statements: readonly Statement[]): Promise<readonly StatementResult[]>;
  /**
   * Resolves when committed, with its receipt. Rejects with what SQLite says, with TRANSACTION_ABORTED if it was rolled back
   * instead, or with OUTCOME_UNKNOWN; then `outcome` may know more later. It has ended in any case.
   */
  commit(): Promise<Receipt>;
  rollback(): Promise<void>;
  /** Rolls it back unless it has ended. Never rejects. */
  close(): Promise<void>;
}

export interface TransferOptions {
  /** Ends the waiting; the call rejects with the signal's reason. */
  readonly signal?: CancelSignal;
}

/** What a member in this process can do besides. */
export interface LocalWrites {
  /** Calls `work` with a transaction, commits it when `work` resolves, and rolls it back when `work` rejects. */
  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: TransactionRunOptions,
  ): Promise<T>;
  /** Begins a transaction; resolves when its turn has come, in mode `read` when this member has the state. Mode `write` when absent. */
  transaction(mode?: TransactionMode, options?: TransactionOptions): Promise<Transaction>;
  /**
   * What became of the write, or the transaction, with this request id. Asks the leader; rejects with NO_LEADER if there is
   * none. What it says is committed this handle's reads at level `session` see from then on.
   */
  outcome(id: string, options?: OutcomeOptions): Promise<WriteOutcome>;
  /**
   * On the leader: hands leadership to the member `to`, or to whichever has most of the log, and resolves with the id of the
   * member that leads then. Writes that come meanwhile wait, and go to the new leader; an open transaction may end first.
   * Throws NOT_LEADER, REQUEST_INVALID; TIMED_OUT if nobody has taken over after `writeTimeoutMs`. Then, and when the signal
   * ends the waiting, this member goes on handing over.
   */
  transferLeadership(to?: string, options?: TransferOptions): Promise<string>;
  /**
   * Runs `sql` once for each item, its arguments, in transactions of many items each; takes the next items only when the
   * ones before are committed, so an endless source holds no memory. Resolves with what was done. An error ends it, and what was
   * committed stays: `onProgress` has told how much. With an `id`, calling it again with the same items and chunks does the rest.
   */
  load(sql: string, items: LoadItems, options?: LoadOptions): Promise<LoadProgress>;
}

/** A handle that keeps account of what it has written and read, so that its reads can see at least that (level session). */
export interface SessionDatabase extends Database {
  /** All that this handle has written and read, for the `after` of reads through other handles. */
  readonly token: string;
  /**
   * What of it is known to be committed: all that this handle has read, and of its writes those that no failover can
   * discard. As `after` it never ends in POSITION_LOST.
   */
  readonly certainToken: string;
}

/** A member of the cluster, as the application that embeds it sees it. */
export interface LocalDatabase extends SessionDatabase, LocalWrites {
  /** A statement that reads in place, on this thread, without a promise. */
  prepare(sql: string, options?: PrepareOptions): ReadStatement;
  /** Calls `work` with one state of the database, and keeps that until `work` is done. */
  snapshot<T>(work: (snapshot: Snapshot) => T | Promise<T>, options?: ReadOptions): Promise<T>;
}
