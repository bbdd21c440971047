import type { ColumnInfo } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import { StatementGuard } from './authorizer.ts';
import { CLOSES_AT_ONCE, type Connection, DatabaseSync } from './binding.ts';
import { collectRows, refuseLeast } from './rows.ts';
import { isAwkward, spellOut } from './spell-out.ts';
import { numbered, runThrough, sqlError } from './sql-error.ts';
import { bindable, type CachedStatement, StatementCache } from './statement-cache.ts';

/** How long a read waits for a foreign process that is recovering the WAL. */
const BUSY_MS = 1000;
/** A statement whose last result had at most so many rows is read in one call, which is twice as fast as row by row. */
const ROWS_AT_ONCE = 1000;
/** SQLite's number for a write on a connection that only reads. */
const SQLITE_READONLY = 8;

/** A read-only connection with its prepared statements. Sees the database as of its last commit, which need not be committed in the cluster. */
export class Reader {
  static readonly closesAtOnce = CLOSES_AT_ONCE;
  readonly #connection: Connection;
  readonly #guard: StatementGuard;
  readonly #cache: StatementCache;
  readonly #resultBytesMax: number;
  #schema = 0;

  constructor(path: string, resultBytesMax: number) {
    this.#connection = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    this.#guard = new StatementGuard(this.#connection);
    this.#cache = new StatementCache(this.#connection, this.#guard, false);
    this.#resultBytesMax = resultBytesMax;
  }

  /**
   * Throws READ_ONLY for a statement that would write, and what `StatementCache.get` throws. `schema` changes with the
   * schema. `onRow`, if given, is called before each row, and may throw to end the reading.
   */
  query(
    sql: string,
    args: SqlArgs | undefined,
    schema: number,
    onRow: (() => void) | null = null,
  ): QueryResult {
    this.#lookAtSchema(schema);
    if (isAwkward(args))
      ({ sql, args } = spellOut({ sql, args }) as { sql: string; args: SqlArgs });
    const prepared = this.#prepared(sql);
    const bound = bindable(prepared.parameters, args);
    try {
      const rows = this.#rows(prepared, bound, onRow);
      return { columns: columnsOf(prepared, rows[0]), rows };
    } catch (error) {
      this.#cache.drop(sql);
      throw error;
    }
  }

  /** The first row only, without running the statement further. */
  first(
    sql: string,
    args: SqlArgs | undefined,
    schema: number,
  ): { readonly columns: readonly string[]; readonly row: SqlValue[] | undefined } {
    this.#lookAtSchema(schema);
    if (isAwkward(args))
      ({ sql, args } = spellOut({ sql, args }) as { sql: string; args: SqlArgs });
    const prepared = this.#prepared(sql);
    const bound = bindable(prepared.parameters, args);
    try {
      const row = firstRow(prepared, bound);
      return { columns: columnsOf(prepared, row), row };
    } catch (error) {
      this.#cache.drop(sql);
      throw asRead(error);
    }
  }

  /** The rows one by one. The connection's state of the database stays what it is until the last one, or until it is left. */
  *iterate(sql: string, args: SqlArgs | undefined, schema: number): Generator<SqlValue[]> {
    this.#lookAtSchema(schema);
    if (isAwkward(args))
      ({ sql, args } = spellOut({ sql, args }) as { sql: string; args: SqlArgs });
    this.#prepared(sql);
    const prepared = this.#cache.take(sql);
    const bound = bindable(prepared.parameters, args);
    // Half-way through it is too late to find that an integer needs it.
    prepared.bigIntegers = true;
    prepared.statement.setReadBigInts(true);
    try {
      for (const row of prepared.statement.iterate(...bound)) yield narrowed(row);
    } catch (error) {
      throw asRead(numbered(error, () => this.#failAgain(prepared, bound)));
    }
    this.#cache.putBack(sql, prepared);
  }

  columns(sql: string, schema: number): ColumnInfo[] {
    this.#lookAtSchema(schema);
    const columns = this.#prepared(sql).statement.columns();
    return columns.map(({ name, type }) => ({ name, type: type ?? null }));
  }

  /** From here on all reads are of the state of now, until `end`. */
  begin(): void {
    this.#guard.lifted(() => this.#connection.exec('BEGIN'));
    this.#connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  }

  end(): void {
    if (this.#connection.isTransaction) this.#guard.lifted(() => this.#connection.exec('ROLLBACK'));
  }

  close(): void {
    this.#connection.close();
  }

  #prepared(sql: string): CachedStatement {
    const prepared = this.#cache.get(sql);
    if (prepared.effect.writes) throw readOnly();
    return prepared;
  }

  /** A connection learns of another's change of schema when a statement runs; until then it prepares for the old one. */
  #lookAtSchema(schema: number): void {
    if (schema === this.#schema) return;
    this.#schema = schema;
    this.#cache.clear();
    this.#connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  }

  #rows(prepared: CachedStatement, bound: unknown[], onRow: (() => void) | null): SqlValue[][] {
    try {
      const { statement, small } = prepared;
      // Row by row a result that is too large ends in time.
      const rows = small && onRow === null ? statement.all(...bound) : statement.iterate(...bound);
      const { bigIntegers } = prepared;
      const collected = collectRows(rows, this.#resultBytesMax, onRow, bigIntegers);
      prepared.small = collected.length <= ROWS_AT_ONCE;
      return collected;
    } catch (error) {
      if (isOutOfRange(error) && !prepared.bigIntegers)
        return this.#withBigIntegers(prepared, bound, onRow);
      // What goes wrong while all rows are taken at once comes without the code that tells what it was.
      if (prepared.small && !hasNumber(error)) {
        prepared.small = false;
        return this.#rows(prepared, bound, onRow);
      }
      throw asRead(numbered(error, () => this.#failAgain(prepared, bound)));
    }
  }

  #failAgain({ statement }: CachedStatement, bound: unknown[]): void {
    runThrough(this.#connection, statement, bound);
  }

  /** Reading every integer as a bigint costs time, so it is done only for statements that turn out to need it. */
  #withBigIntegers(
    prepared: CachedStatement,
    bound: unknown[],
    onRow: (() => void) | null,
  ): SqlValue[][] {
    prepared.bigIntegers = true;
    prepared.statement.setReadBigInts(true);
    return this.#rows(prepared, bound, onRow);
  }
}

/** The schema may have changed since the statement was prepared: SQLite prepares it again by itself when it runs. */
function columnsOf(
  { columns, statement }: CachedStatement,
  first: SqlValue[] | undefined,
): readonly string[] {
  if (first === undefined || first.length === columns.length) return columns;
  return statement.columns().map((column) => column.name);
}

function firstRow(prepared: CachedStatement, bound: unknown[]): SqlValue[] | undefined {
  try {
    const row = prepared.statement.get(...bound) as SqlValue[] | undefined;
    if (row === undefined) return row;
    if (prepared.bigIntegers) return narrowed(row);
    row.forEach(refuseLeast);
    return row;
  } catch (error) {
    if (!isOutOfRange(error) || prepared.bigIntegers) throw error;
    prepared.bigIntegers = true;
    prepared.statement.setReadBigInts(true);
    return firstRow(prepared, bound);
  }
}

function narrowed(row: unknown): SqlValue[] {
  return (row as SqlValue[]).map((value) => (typeof value === 'bigint' ? narrow(value) : value));
}

function hasNumber(error: unknown): boolean {
  return error instanceof PacelineError || (error instanceof Error && 'errcode' in error);
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}

function asRead(error: unknown): PacelineError {
  const known = sqlError(error);
  return (known.sqlite?.errcode ?? 0) === SQLITE_READONLY ? readOnly() : known;
}

function readOnly(): PacelineError {
  return new PacelineError(
    'READ_ONLY',
    'this statement writes: send it with execute(), which takes it to the leader',
  );
}
