import type {
  BatchResult,
  ExecuteResult,
  QueryResult,
  Statement,
  WriteOptions,
} from './request.ts';
import type { Status } from './status.ts';
import type { SqlArgs } from './value.ts';

/** A member of the cluster, as the application that embeds it sees it. Errors are PacelineError. */
export interface Database {
  /** Runs one statement as its own transaction, on the leader, wherever this is called; resolves when committed on a quorum. */
  execute(sql: string, args?: SqlArgs, options?: WriteOptions): Promise<ExecuteResult>;
  /** Runs the statements as one transaction: all or none. */
  batch(statements: readonly Statement[], options?: WriteOptions): Promise<BatchResult>;
  /** Reads this member's own copy, on this thread. A statement that writes is refused (READ_ONLY). */
  query(sql: string, args?: SqlArgs): Promise<QueryResult>;
  status(): Promise<Status>;
  /** Hands leadership over if this member leads, stops, and releases the directory. Idempotent. */
  close(): Promise<void>;
}
