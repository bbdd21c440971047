/**
 * What `@libsql/client` calls a client, as far as tools use one, written down here so that Paceline needs no package for
 * it; a test compares it with that package's own types.
 */
export type Value = null | string | number | bigint | ArrayBuffer;

/** Booleans are stored as 1 and 0, dates as milliseconds since 1970. */
export type InValue = Value | boolean | Uint8Array | Date;

export type InArgs = InValue[] | Record<string, InValue>;

export type InStatement = string | { sql: string; args?: InArgs };

export type TransactionMode = 'write' | 'read' | 'deferred';

/** By column name, and like an array by number; only the names are enumerable. Of columns with one name the first counts. */
export interface Row {
  length: number;
  [index: number]: Value;
  [name: string]: Value;
}

export interface ResultSet {
  columns: string[];
  /** As declared in the tables; an empty string for everything else. */
  columnTypes: string[];
  /** Integers beyond ±(2^53-1) are bigint, all other numbers number. */
  rows: Row[];
  /** Rows that the statement itself inserted, updated or deleted. */
  rowsAffected: number;
  /** Undefined unless the statement inserted a row into a table with rowids. */
  lastInsertRowid: bigint | undefined;
  toJSON(): unknown;
}

/** Its statements see what it has changed; others see that once `commit` has resolved. */
export interface LibsqlTransaction {
  execute(statement: InStatement): Promise<ResultSet>;
  execute(sql: string, args?: InArgs): Promise<ResultSet>;
  /** One after another; those before one that fails stay done. */
  batch(statements: (InStatement | [string, InArgs?])[]): Promise<ResultSet[]>;
  /** As `batch`, of a text with semicolons. */
  executeMultiple(sql: string): Promise<void>;
  /** Resolves when it is as durable as a write has to be. */
  commit(): Promise<void>;
  rollback(): Promise<void>;
  close(): void;
  readonly closed: boolean;
}

/** Errors are `LibsqlError`. */
export interface LibsqlClient {
  /** A read is served by this member's own copy, anything else by the leader. */
  execute(statement: InStatement): Promise<ResultSet>;
  execute(sql: string, args?: InArgs): Promise<ResultSet>;
  /** All or none. In mode `read`, and where all of them read, from one state of this member's copy. */
  batch(
    statements: (InStatement | [string, InArgs?])[],
    mode?: TransactionMode,
  ): Promise<ResultSet[]>;
  /** All or none, without enforcement of foreign keys, so that tables can be rebuilt. */
  migrate(statements: InStatement[]): Promise<ResultSet[]>;
  /** A text with semicolons, statement by statement; what is between its BEGIN and COMMIT is one transaction. */
  executeMultiple(sql: string): Promise<void>;
  /** Mode `write` when absent. */
  transaction(mode?: TransactionMode): Promise<LibsqlTransaction>;
  /** Later reads through this client see all that was committed when this was called. */
  sync(): Promise<undefined>;
  /** Ends this client, not the member behind it. */
  close(): void;
  reconnect(): void;
  readonly closed: boolean;
  readonly protocol: string;
}
