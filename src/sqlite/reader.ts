import type { QueryResult } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { StatementGuard } from './authorizer.ts';
import { CLOSES_AT_ONCE, type Connection, DatabaseSync } from './binding.ts';
import { collectRows } from './rows.ts';
import { spellOut } from './spell-out.ts';
import { numbered, sqlError } from './sql-error.ts';
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
  readonly #cache: StatementCache;
  readonly #resultBytesMax: number;
  #schema = 0;

  constructor(path: string, resultBytesMax: number) {
    this.#connection = new DatabaseSync(path, { readOnly: true, timeout: BUSY_MS });
    const guard = new StatementGuard(this.#connection);
    this.#cache = new StatementCache(this.#connection, guard, false);
    this.#resultBytesMax = resultBytesMax;
  }

  /** Throws READ_ONLY for a statement that would write, and what `StatementCache.get` throws. `schema` changes with the schema. */
  query(sql: string, args: SqlArgs | undefined, schema: number): QueryResult {
    if (schema !== this.#schema) this.#noticeSchema();
    this.#schema = schema;
    const statement = spellOut(args === undefined ? { sql } : { sql, args });
    const prepared = this.#cache.get(statement.sql);
    if (prepared.effect.writes) throw readOnly();
    const bound = bindable(prepared.parameters, statement.args);
    try {
      const rows = this.#rows(prepared, bound);
      return { columns: columnsOf(prepared, rows), rows };
    } catch (error) {
      this.#cache.drop(statement.sql);
      throw error;
    }
  }

  /** A connection learns of another's change of schema when a statement runs; until then it prepares for the old one. */
  #noticeSchema(): void {
    this.#cache.clear();
    this.#connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  }

  close(): void {
    this.#connection.close();
  }

  #rows(prepared: CachedStatement, bound: unknown[]): SqlValue[][] {
    try {
      const { statement, small } = prepared;
      // Row by row a result that is too large ends in time.
      const rows = small ? statement.all(...bound) : statement.iterate(...bound);
      const collected = collectRows(rows, this.#resultBytesMax);
      prepared.small = collected.length <= ROWS_AT_ONCE;
      return collected;
    } catch (error) {
      if (isOutOfRange(error) && !prepared.bigIntegers)
        return this.#withBigIntegers(prepared, bound);
      // What goes wrong while all rows are taken at once comes without the code that tells what it was.
      if (prepared.small && !hasNumber(error)) {
        prepared.small = false;
        return this.#rows(prepared, bound);
      }
      const known = sqlError(numbered(error, () => void prepared.statement.run(...bound)));
      throw (known.sqlite?.errcode ?? 0) === SQLITE_READONLY ? readOnly() : known;
    }
  }

  /** Reading every integer as a bigint costs time, so it is done only for statements that turn out to need it. */
  #withBigIntegers(prepared: CachedStatement, bound: unknown[]): SqlValue[][] {
    prepared.bigIntegers = true;
    prepared.statement.setReadBigInts(true);
    return this.#rows(prepared, bound);
  }
}

/** The schema may have changed since the statement was prepared: SQLite prepares it again by itself when it runs. */
function columnsOf({ columns, statement }: CachedStatement, rows: SqlValue[][]): readonly string[] {
  const [first] = rows;
  if (first === undefined || first.length === columns.length) return columns;
  return statement.columns().map((column) => column.name);
}

function hasNumber(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error;
}

function isOutOfRange(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_OUT_OF_RANGE';
}

function readOnly(): PacelineError {
  return new PacelineError(
    'READ_ONLY',
    'this statement writes: send it with execute(), which takes it to the leader',
  );
}
