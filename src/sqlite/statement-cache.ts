import { firstKeyword, isBlankFrom } from '../api/sql-text.ts';
import type { SqlArgs, SqlValue } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import type { StatementEffect, StatementGuard } from './authorizer.ts';
import { type Connection, DatabaseSync, type PreparedStatement } from './binding.ts';
import { checkParameters, endOfFirst, type Parameters, parametersOf } from './parameters.ts';
import { sqlError } from './sql-error.ts';

/** Prepared statements kept per connection; the one first seen goes first. A statement takes a few kilobytes. */
const STATEMENTS_MAX = 500;

export interface CachedStatement {
  readonly statement: PreparedStatement;
  readonly columns: readonly string[];
  readonly parameters: Parameters;
  readonly effect: StatementEffect;
  /** Whether it reads integers as bigint. */
  bigIntegers: boolean;
  /** Whether its last result was small. */
  small: boolean;
}

/** One connection's prepared statements by their text; each is one statement, checked when it is first seen. */
export class StatementCache {
  readonly #connection: Connection;
  readonly #guard: StatementGuard;
  readonly #bigIntegers: boolean;
  readonly #cached = new Map<string, CachedStatement>();

  /** `bigIntegers`: whether statements read integers as bigint from the start. */
  constructor(connection: Connection, guard: StatementGuard, bigIntegers: boolean) {
    this.#connection = connection;
    this.#bigIntegers = bigIntegers;
    this.#guard = guard;
  }

  /** Throws what SQLite's parser says, STATEMENT_FORBIDDEN, STATEMENTS_MANY, or STATEMENT_EMPTY. */
  get(sql: string): CachedStatement {
    const known = this.#cached.get(sql);
    if (known !== undefined) return known;
    const prepared = this.#prepare(sql);
    if (this.#cached.size >= STATEMENTS_MAX) this.#cached.delete(this.#cached.keys().next().value!);
    this.#cached.set(sql, prepared);
    return prepared;
  }

  /** The statement, nobody else's until `putBack`: for one that stays in use between calls. */
  take(sql: string): CachedStatement {
    const prepared = this.get(sql);
    this.#cached.delete(sql);
    return prepared;
  }

  putBack(sql: string, prepared: CachedStatement): void {
    if (!this.#cached.has(sql)) this.#cached.set(sql, prepared);
  }

  /** After it failed: the binding would report the same failure for its next run. */
  drop(sql: string): void {
    this.#cached.delete(sql);
  }

  /** After a change of schema: column names may be others. */
  clear(): void {
    this.#cached.clear();
  }

  #prepare(sql: string): CachedStatement {
    checkKeyword(sql);
    this.#guard.begin();
    let statement = this.#compile(sql);
    if (this.#mayBeOthers(sql)) {
      this.#guard.begin();
      statement = this.#compile(sql);
    }
    if (!isBlankFrom(sql, endOfFirst(sql, statement.expandedSQL ?? sql)))
      throw new PacelineError(
        'STATEMENTS_MANY',
        'the text has more than one statement: send them one by one, or as a batch',
      );
    statement.setReadBigInts(this.#bigIntegers);
    statement.setReturnArrays(true);
    const columns = statement.columns().map((column) => column.name);
    const parameters = parametersOf(sql);
    const effect = firstKeyword(sql) === 'EXPLAIN' ? NO_EFFECT : this.#guard.effect();
    return { statement, columns, parameters, effect, bigIntegers: this.#bigIntegers, small: false };
  }

  /**
   * Whether some of the effect may not be this statement's: the first one that names a virtual table makes SQLite connect it, and an
   * R-tree then prepares the writes that it may need, of which the authorizer is told as well. The second time it is connected.
   */
  #mayBeOthers(sql: string): boolean {
    if (!this.#guard.effect().rows) return false;
    return this.#guard.tablesChanged > 1 || !DML_KEYWORDS.has(firstKeyword(sql));
  }

  #compile(sql: string): PreparedStatement {
    try {
      return this.#connection.prepare(sql);
    } catch (error) {
      const refusal = this.#guard.refusal;
      throw refusal === null ? sqlError(error) : new PacelineError('STATEMENT_FORBIDDEN', refusal);
    }
  }
}

const DML_KEYWORDS = new Set(['INSERT', 'REPLACE', 'UPDATE', 'DELETE']);

const NO_EFFECT: StatementEffect = {
  ...{ inserts: null, rows: false, schema: false, writes: false },
  defines: [],
};

function checkKeyword(sql: string): void {
  if (sql.includes('\0'))
    throw new PacelineError(
      'REQUEST_INVALID',
      'the statement has a NUL character, at which SQLite would stop to read it',
    );
  if (isBlankFrom(sql, 0))
    throw new PacelineError('STATEMENT_EMPTY', 'there is no statement in the text');
  // VACUUM fails inside a transaction before the authorizer is asked about it.
  if (firstKeyword(sql) === 'VACUUM')
    throw new PacelineError(
      'STATEMENT_FORBIDDEN',
      'VACUUM would rewrite every page of every member, and is not supported: later writes use the room that deleted rows leave; for a copy, let another program run VACUUM INTO on a member’s file',
    );
}

/** Conflict clauses under which a statement that fails may keep the rows before the failing one. */
const KEEPS_ROWS = /\b(fail|ignore|replace|conflict)\b/i;

/**
 * Whether SQLite by itself undoes all of this statement if it fails. Not so with OR FAIL, which keeps the rows before the failing one;
 * nor, inside a transaction, with the clauses under which SQLite does not expect a failure, where a value of the wrong type still is one;
 * and not when it can be refused after it has run: for its result, or for a name that it gave.
 */
export function undoneBySqlite(sql: string, { columns, effect }: CachedStatement): boolean {
  return columns.length === 0 && !effect.schema && !KEEPS_ROWS.test(sql);
}

/** Largest whole number that the binding stores as INTEGER; found out by asking, since libraries and versions differ. */
const WHOLE_MAX = wholeMax();

function wholeMax(): number {
  const db = new DatabaseSync(':memory:');
  const statement = db.prepare('SELECT typeof(?) AS kind');
  const whole = [Number.MAX_SAFE_INTEGER, 2 ** 31 - 1].find(
    (number) => (statement.get(number) as { kind: string }).kind === 'integer',
  );
  db.close();
  return whole ?? -1;
}

/** The arguments as the binding takes them, whole numbers as INTEGER. Throws ARGUMENTS_INVALID. */
export function bindable(parameters: Parameters, args: SqlArgs | undefined): unknown[] {
  checkParameters(parameters, args);
  if (args === undefined) return [];
  if (Array.isArray(args)) return args.some(needsBigInt) ? args.map(exact) : (args as SqlValue[]);
  const entries = Object.entries(args);
  if (!entries.some(([, value]) => needsBigInt(value))) return [args];
  return [Object.fromEntries(entries.map(([name, value]) => [name, exact(value)]))];
}

/** A whole number that the binding would store as a REAL. */
function needsBigInt(value: SqlValue): boolean {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return false;
  return Math.abs(value) > WHOLE_MAX && !Object.is(value, -0);
}

function exact(value: SqlValue): SqlValue {
  return needsBigInt(value) ? BigInt(value as number) : value;
}
