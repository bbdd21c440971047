import type { QueryResult } from './request.ts';
import type { SqlArgs, SqlValue } from './value.ts';

/** A row of a statement that is read in place, by column name; of columns with the same name the last one counts. */
export type Row = Record<string, SqlValue>;

/**
 * What a statement takes: values for `?` one by one or as one array, or one object for names. Of arrays the type says no
 * more, as tools hand on theirs; what is in them is checked.
 */
export type BindArguments = readonly (SqlValue | SqlArgs | readonly unknown[])[];

export interface ColumnInfo {
  readonly name: string;
  /** The declared type of the table's column; null for an expression. */
  readonly type: string | null;
}

/**
 * A statement that reads in place, on the thread that calls, in the shape of Node’s own SQLite and better-sqlite3. `R` is
 * what a row looks like: an object, after `raw()` an array. Each call may wait, the thread standing still, until what it
 * returns is committed, at most `timeoutMs`. Throws READ_ONLY for a statement that writes: use `execute`.
 */
export interface ReadStatement<R = Row> {
  /** The statement's text. */
  readonly source: string;
  /** Whether it returns rows, as better-sqlite3 has it; always true, as anything else is refused. */
  readonly reader: true;
  /** The first row, undefined if there is none. */
  get(...args: BindArguments): R | undefined;
  all(...args: BindArguments): R[];
  /** Row by row, from one state of the database. Ends by itself, by `break`, or by SNAPSHOT_ENDED. */
  iterate(...args: BindArguments): IterableIterator<R>;
  columns(): ColumnInfo[];
  /** The same statement with rows as arrays. */
  raw(): ReadStatement<SqlValue[]>;
  /** Refused (READ_ONLY): tools call it for what is not a query. */
  run(...args: BindArguments): never;
}

/** One state of the database, for several reads. It lasts as long as the function that it was given to. */
export interface Snapshot {
  /** Throws SNAPSHOT_ENDED once the snapshot has ended. */
  query(sql: string, args?: SqlArgs): Promise<QueryResult>;
  /** Reads in place; not on a worker's snapshot. */
  prepare(sql: string): ReadStatement;
}
