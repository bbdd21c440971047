import type { Statement, StatementResult } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import { assert, must } from '../../src/base/assert.ts';
import type { PacelineError } from '../../src/base/errors.ts';
import type { Action, ObjectKind, Observed, Outcome } from '../history/operation.ts';
import { isRead } from '../history/operation.ts';

/**
 * The workloads' whole SQL. Every text is one constant, by which a state machine in memory can tell what
 * a statement does. Lists have no unique key: an append that took effect twice must show.
 */
export const SQL = {
  createRegister: 'CREATE TABLE register(key INTEGER PRIMARY KEY, value INTEGER NOT NULL)',
  createList:
    'CREATE TABLE list(n INTEGER PRIMARY KEY, key INTEGER NOT NULL, value INTEGER NOT NULL)',
  createListIndex: 'CREATE INDEX list_by_key ON list(key)',
  createAccount:
    'CREATE TABLE account(bank INTEGER, id INTEGER, balance INTEGER NOT NULL' +
    ' CHECK(balance >= 0), PRIMARY KEY(bank, id)) WITHOUT ROWID',
  /** bank, id, balance */
  openAccount: 'INSERT INTO account(bank, id, balance) VALUES (?, ?, ?)',
  /** key, value */
  write:
    'INSERT INTO register(key, value) VALUES (?, ?)' +
    ' ON CONFLICT(key) DO UPDATE SET value = excluded.value',
  /** value, key, expected */
  cas: 'UPDATE register SET value = ? WHERE key = ? AND value = ? RETURNING value',
  /** key */
  read: 'SELECT value FROM register WHERE key = ?',
  /** key, value */
  append: 'INSERT INTO list(key, value) VALUES (?, ?)',
  /** key */
  list: 'SELECT value FROM list WHERE key = ? ORDER BY n',
  /** amount, bank, id; fails with SQLITE_CONSTRAINT when the balance would fall below zero */
  withdraw: 'UPDATE account SET balance = balance - ? WHERE bank = ? AND id = ?',
  /** amount, bank, id */
  deposit: 'UPDATE account SET balance = balance + ? WHERE bank = ? AND id = ?',
  /** bank */
  balances: 'SELECT balance FROM account WHERE bank = ? ORDER BY id',
} as const;

/** The tables of a kind of object; of banks also the accounts, all with the same balance. */
export function schemaOf(
  kind: ObjectKind,
  banks: { readonly banks: number; readonly accounts: number; readonly balance: number },
): Statement[] {
  if (kind === 'register') return [{ sql: SQL.createRegister }];
  if (kind === 'list') return [{ sql: SQL.createList }, { sql: SQL.createListIndex }];
  const statements: Statement[] = [{ sql: SQL.createAccount }];
  for (let bank = 0; bank < banks.banks; bank++)
    for (let id = 0; id < banks.accounts; id++)
      statements.push({ sql: SQL.openAccount, args: [bank, id, banks.balance] });
  return statements;
}

/** The statements of an action: of a read the one query, of a write one statement or one batch. */
export function toStatements(action: Action): Statement[] {
  switch (action.kind) {
    case 'write':
      return [{ sql: SQL.write, args: [action.key, action.value] }];
    case 'cas':
      return [{ sql: SQL.cas, args: [action.value, action.key, action.expected] }];
    case 'read':
      return [{ sql: SQL.read, args: [action.key] }];
    case 'append':
      return [{ sql: SQL.append, args: [action.key, action.value] }];
    case 'list':
      return [{ sql: SQL.list, args: [action.key] }];
    case 'transfer': {
      const { bank, from, to, amount } = action;
      return [
        { sql: SQL.withdraw, args: [amount, bank, from] },
        { sql: SQL.deposit, args: [amount, bank, to] },
      ];
    }
    case 'balances':
      return [{ sql: SQL.balances, args: [action.bank] }];
  }
}

type Rows = Pick<StatementResult, 'rows'>;

/** What the results of `toStatements(action)` say. */
export function observedIn(action: Action, results: readonly Rows[]): Observed {
  // An answer from memory need not have the results of a transaction.
  if (action.kind === 'write' || action.kind === 'append') return null;
  if (action.kind === 'transfer') return true;
  const { rows } = must(results[0], 'a result per statement');
  switch (action.kind) {
    case 'cas':
      return rows.length > 0;
    case 'read':
      return rows.length === 0 ? null : integer(rows[0]![0]);
    case 'list':
    case 'balances':
      return rows.map(([value]) => integer(value));
  }
}

function integer(value: SqlValue | undefined): number {
  assert(typeof value === 'number', `a number was written, ${typeof value} is read`);
  return value;
}

/**
 * What an error says about the action. A fault of a member says nothing about a write that it was given,
 * so the outcome is unknown; a transfer that the CHECK refuses has seen the balance.
 */
export function outcomeOfError(action: Action, error: PacelineError): Outcome {
  if (isRead(action)) return { kind: 'rejected' };
  if (action.kind === 'transfer' && error.sqlite?.code === 'SQLITE_CONSTRAINT')
    return { kind: 'ok', observed: false };
  const unknown = error.category === 'unknown-outcome' || error.category === 'fault';
  return { kind: unknown ? 'unknown' : 'rejected' };
}
