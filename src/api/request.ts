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

/** The receipt of a write: committed on a quorum at `position`. */
export interface ExecuteResult extends StatementResult {
  readonly position: Position;
}

export interface BatchResult {
  readonly results: readonly StatementResult[];
  readonly position: Position;
}

export interface QueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly SqlValue[])[];
}

export interface WriteOptions {
  /** Names this write for exactly-once retries (I9). Made by Paceline when absent. At most `requestIdBytesMax` bytes. */
  readonly id?: string;
  /** How long to wait for the outcome, forwarding and elections included; default `writeTimeoutMs`. */
  readonly timeoutMs?: number;
}
