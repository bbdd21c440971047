import { PacelineError } from '../base/errors.ts';
import { statementsOf } from './statements.ts';

const BEGIN = /^BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?(\s+TRANSACTION)?$/i;
const END = /^(COMMIT|END)(\s+TRANSACTION)?$/i;
const KEYS = /^PRAGMA\s+foreign_keys\s*=\s*(\w+)$/i;

/** Before what runs without enforcement of foreign keys; see `StatementRunner`. */
export const KEYS_OFF = 'PRAGMA foreign_keys=off';

export interface ScriptStatement {
  readonly sql: string;
  /** Its number in the script, counted from 0. */
  readonly at: number;
}

/**
 * The transactions of a script, such as the `sqlite3` shell writes with `.dump`: each statement is one by itself, save
 * those between BEGIN and COMMIT. Nothing in between depends on a result, so they can be sent as one batch each.
 */
export function transactionsOf(script: string): ScriptStatement[][] {
  const transactions: ScriptStatement[][] = [];
  let open: ScriptStatement[] | null = null;
  let before: ScriptStatement[] = [];
  for (const [at, sql] of statementsOf(script).entries()) {
    const keys = open === null ? KEYS.exec(sql) : null;
    if (keys !== null) before = /^(off|no|false|0)$/i.test(keys[1]!) ? [{ sql: KEYS_OFF, at }] : [];
    else if (BEGIN.test(sql)) {
      if (open !== null) throw invalid('a BEGIN within a transaction');
      open = [...before];
    } else if (END.test(sql)) {
      if (open === null) throw invalid('a COMMIT without a BEGIN');
      if (open.length > before.length) transactions.push(open);
      open = null;
    } else if (open === null) transactions.push([...before, { sql, at }]);
    else open.push({ sql, at });
  }
  if (open !== null) throw invalid('a BEGIN without a COMMIT');
  return transactions;
}

function invalid(what: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', `the script has ${what}: nothing of it was run`);
}
