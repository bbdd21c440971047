import type { Statement, StatementResult } from '../../../src/api/request.ts';
import type { SqlValue } from '../../../src/api/value.ts';
import { assert } from '../../../src/base/assert.ts';
import { PacelineError } from '../../../src/base/errors.ts';
import { SQL } from '../../workload/statements.ts';
import type { Rows } from './rows.ts';

/** SQLite's numbers for what these statements can fail with. */
const SQLITE_ERROR = 1;
const SQLITE_CONSTRAINT_CHECK = 275;
const SQLITE_CONSTRAINT_PRIMARYKEY = 1555;

interface Ran {
  readonly result: StatementResult;
  readonly writes: boolean;
}

type Run = (rows: Rows, args: readonly number[]) => Ran;

/** What each statement of the workloads does. */
const STATEMENTS: ReadonlyMap<string, Run> = new Map<string, Run>([
  [SQL.createRegister, create('register')],
  [SQL.createList, create('list')],
  [SQL.createListIndex, create('list_by_key')],
  [SQL.createAccount, create('account')],
  [SQL.openAccount, openAccount],
  [SQL.write, write],
  [SQL.cas, compareAndSet],
  [SQL.append, append],
  [SQL.withdraw, (rows, args) => move(rows, args, -1)],
  [SQL.deposit, (rows, args) => move(rows, args, 1)],
]);

const QUERIES: ReadonlyMap<string, (rows: Rows, args: readonly number[]) => SqlValue[]> = new Map([
  [SQL.read, (rows: Rows, [key]: readonly number[]) => numbers(need(rows, 'register', `r${key}`))],
  [SQL.list, (rows: Rows, [key]: readonly number[]) => numbers(need(rows, 'list', `l${key}`))],
  [SQL.balances, (rows: Rows, [bank]: readonly number[]) => balances(rows, bank!)],
]);

/** Runs one of the workloads' statements. Throws SQL where SQLite would. */
export function runStatement(rows: Rows, { sql, args }: Statement): Ran {
  const values = (args ?? []) as readonly number[];
  const run = STATEMENTS.get(sql);
  if (run !== undefined) return run(rows, values);
  return { result: { ...runQuery(rows, { sql, args: [...values] }), ...NO_CHANGE }, writes: false };
}

export function runQuery(
  rows: Rows,
  { sql, args }: Statement,
): Pick<StatementResult, 'columns' | 'rows'> {
  const columns = columnsOf(sql);
  const values = QUERIES.get(sql)!(rows, (args ?? []) as readonly number[]);
  return { columns, rows: values.map((value) => [value]) };
}

/** Throws SQL for what is not a query. */
export function columnsOf(sql: string): string[] {
  if (!QUERIES.has(sql)) throw sqlError(SQLITE_ERROR, 'SQLITE_ERROR', `unknown statement: ${sql}`);
  return [sql === SQL.balances ? 'balance' : 'value'];
}

const NO_CHANGE = { changes: 0, lastInsertRowid: 0 };

function done(changes: number, lastInsertRowid = 0): Ran {
  return { result: { columns: [], rows: [], changes, lastInsertRowid }, writes: true };
}

function create(name: string): Run {
  return (rows) => {
    if (rows.get(`t${name}`) !== null)
      throw sqlError(SQLITE_ERROR, 'SQLITE_ERROR', `${name} already exists`);
    rows.set(`t${name}`, '');
    return done(0);
  };
}

/** The row; null if there is none. Throws if its table was not made. */
function need(rows: Rows, table: string, key: string): string | null {
  if (rows.get(`t${table}`) === null)
    throw sqlError(SQLITE_ERROR, 'SQLITE_ERROR', `no such table: ${table}`);
  return rows.get(key);
}

function openAccount(rows: Rows, [bank, id, balance]: readonly number[]): Ran {
  if (need(rows, 'account', `a${bank}.${id}`) !== null)
    throw sqlError(SQLITE_CONSTRAINT_PRIMARYKEY, 'SQLITE_CONSTRAINT', 'UNIQUE constraint failed');
  rows.set(`a${bank}.${id}`, String(balance));
  return done(1);
}

function write(rows: Rows, [key, value]: readonly number[]): Ran {
  need(rows, 'register', `r${key}`);
  rows.set(`r${key}`, String(value));
  return done(1, key);
}

function compareAndSet(rows: Rows, [value, key, expected]: readonly number[]): Ran {
  const matches = need(rows, 'register', `r${key}`) === String(expected);
  if (matches) rows.set(`r${key}`, String(value));
  const changed = { columns: ['value'], rows: matches ? [[value!]] : [] };
  return {
    result: { ...changed, changes: matches ? 1 : 0, lastInsertRowid: 0 },
    writes: true,
  };
}

function append(rows: Rows, [key, value]: readonly number[]): Ran {
  const before = need(rows, 'list', `l${key}`);
  rows.set(`l${key}`, before === null ? String(value) : `${before} ${value}`);
  return done(1, 1);
}

function move(rows: Rows, [amount, bank, id]: readonly number[], sign: number): Ran {
  const before = need(rows, 'account', `a${bank}.${id}`);
  if (before === null) return done(0);
  const after = Number(before) + sign * amount!;
  if (after < 0)
    throw sqlError(SQLITE_CONSTRAINT_CHECK, 'SQLITE_CONSTRAINT', 'CHECK constraint failed');
  rows.set(`a${bank}.${id}`, String(after));
  return done(1);
}

function balances(rows: Rows, bank: number): SqlValue[] {
  const found: SqlValue[] = [];
  for (let id = 0; ; id++) {
    const balance = need(rows, 'account', `a${bank}.${id}`);
    if (balance === null) return found;
    found.push(Number(balance));
  }
}

function numbers(text: string | null): SqlValue[] {
  if (text === null) return [];
  const values = text.split(' ').map(Number);
  assert(values.every(Number.isSafeInteger), 'rows hold integers');
  return values;
}

function sqlError(errcode: number, code: string, message: string): PacelineError {
  return new PacelineError('SQL', message, { sqlite: { code, errcode } });
}
