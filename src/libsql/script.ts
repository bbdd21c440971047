import { PacelineError } from '../base/errors.ts';
import { statementsOf } from './statements.ts';

const BEGIN = /^BEGIN(\s+(DEFERRED|IMMEDIATE|EXCLUSIVE))?(\s+TRANSACTION)?$/i;
const END = /^(COMMIT|END)(\s+TRANSACTION)?$/i;
const KEYS = /^PRAGMA\s+foreign_keys\s*=\s*(\w+)$/i;

/** Before what runs without enforcement of foreign keys; see `StatementRunner`. */
export const KEYS_OFF = 'PRAGMA foreign_keys=off';

/**
 * The transactions of a script, such as the `sqlite3` shell writes with `.dump`: each statement is one by itself, save
 * those between BEGIN and COMMIT. Nothing in between depends on a result, so they can be sent as one batch each.
 */
export function transactionsOf(script: string): string[][] {
  const transactions: string[][] = [];
  let open: string[] | null = null;
  let before: string[] = [];
  for (const sql of statementsOf(script)) {
    const keys = open === null ? KEYS.exec(sql) : null;
    if (keys !== null) before = /^(off|no|false|0)$/i.test(keys[1]!) ? [KEYS_OFF] : [];
    else if (BEGIN.test(sql)) {
      if (open !== null) throw invalid('a BEGIN within a transaction');
      open = [...before];
    } else if (END.test(sql)) {
      if (open === null) throw invalid('a COMMIT without a BEGIN');
      if (open.length > before.length) transactions.push(open);
      open = null;
    } else if (open === null) transactions.push([...before, sql]);
    else open.push(sql);
  }
  if (open !== null) throw invalid('a BEGIN without a COMMIT');
  return transactions;
}

function invalid(what: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', `the script has ${what}: nothing of it was run`);
}
