import type { PrepareOptions, ReadOptions } from './read-options.ts';
import type { ReadStatement, Snapshot } from './reads.ts';
import type {
  BatchResult,
  ExecuteResult,
  QueryResult,
  Statement,
  WriteOptions,
} from './request.ts';
import type { Status } from './status.ts';
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

/** A handle that keeps account of what it has written and read, so that its reads can see at least that (level session). */
export interface SessionDatabase extends Database {
  /** All that this handle has written and read, for the `after` of reads through other handles. */
  readonly token: string;
}

/** A member of the cluster, as the application that embeds it sees it. */
export interface LocalDatabase extends SessionDatabase {
  /** A statement that reads in place, on this thread, without a promise. */
  prepare(sql: string, options?: PrepareOptions): ReadStatement;
  /** Calls `work` with one state of the database, and keeps that until `work` is done. */
  snapshot<T>(work: (snapshot: Snapshot) => T | Promise<T>, options?: ReadOptions): Promise<T>;
}
