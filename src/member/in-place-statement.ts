import { checkArgs } from '../api/check.ts';
import type { BindArguments, ColumnInfo, ReadStatement, Row } from '../api/reads.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';

export interface FirstRow {
  readonly columns: readonly string[];
  readonly row: readonly SqlValue[] | undefined;
}

/** What a statement in place reads with. */
export interface StatementSource {
  query(sql: string, args: SqlArgs | undefined): QueryResult;
  first(sql: string, args: SqlArgs | undefined): FirstRow;
  iterate(sql: string, args: SqlArgs | undefined): IterableIterator<readonly SqlValue[]>;
  columns(sql: string): ColumnInfo[];
}

type Shape<R> = (columns: readonly string[], values: readonly SqlValue[]) => R;

/** A statement that reads on the calling thread; see `ReadStatement`. */
class InPlaceStatement<R> implements ReadStatement<R> {
  readonly source: string;
  readonly reader = true;
  readonly #source: StatementSource;
  readonly #shape: Shape<R>;

  constructor(source: StatementSource, sql: string, shape: Shape<R>) {
    this.source = sql;
    this.#source = source;
    this.#shape = shape;
  }

  get(...args: BindArguments): R | undefined {
    const { columns, row } = this.#source.first(this.source, argsOf(args));
    return row === undefined ? undefined : this.#shape(columns, row);
  }

  all(...args: BindArguments): R[] {
    const { columns, rows } = this.#source.query(this.source, argsOf(args));
    return rows.map((values) => this.#shape(columns, values));
  }

  *iterate(...args: BindArguments): IterableIterator<R> {
    const rows = this.#source.iterate(this.source, argsOf(args));
    let columns: string[] | null = null;
    for (const values of rows) {
      columns ??= this.columns().map(({ name }) => name);
      yield this.#shape(columns, values);
    }
  }

  columns(): ColumnInfo[] {
    return this.#source.columns(this.source);
  }

  raw(): ReadStatement<SqlValue[]> {
    return new InPlaceStatement(this.#source, this.source, asArray);
  }

  run(): never {
    throw new PacelineError(
      'READ_ONLY',
      'statements in place only read: send what writes with execute(), which takes it to the leader',
    );
  }
}

export function inPlaceStatement(source: StatementSource, sql: string): ReadStatement {
  return new InPlaceStatement(source, sql, asObject);
}

function asObject(columns: readonly string[], values: readonly SqlValue[]): Row {
  const row: Row = {};
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[i]!;
  return row;
}

function asArray(_columns: readonly string[], values: readonly SqlValue[]): SqlValue[] {
  return values as SqlValue[];
}

/** One array, one object, or values one by one. Throws ARGUMENTS_INVALID. */
function argsOf(given: BindArguments): SqlArgs | undefined {
  const [first] = given;
  const args = given.length === 1 && isArgs(first) ? first : (given as readonly SqlValue[]);
  if (given.length === 0) return undefined;
  checkArgs(args);
  return args;
}

function isArgs(value: unknown): value is SqlArgs {
  return typeof value === 'object' && value !== null && !(value instanceof Uint8Array);
}
