import type { Transaction } from '../../src/api/database.ts';
import { type Action, type Observed, readOf } from '../history/operation.ts';
import { observedIn, SQL, toStatements } from '../workload/statements.ts';
import type { FunctionWay } from './function-call.ts';

/** What a transaction has found, and what it made of it. */
export interface Changed {
  readonly before: Observed;
  readonly observed: Observed;
}

/** The body of a function that is a transaction: it reads the object, thinks, and changes it by what it has read. */
export async function changeWhatIsRead(
  transaction: Transaction,
  action: Action,
  way: FunctionWay,
  think: () => Promise<void>,
): Promise<Changed> {
  const read = readOf(action);
  const [statement] = toStatements(read);
  const found = await transaction.query(statement!.sql, statement!.args);
  const before = observedIn(read, [found]);
  await think();
  if (!fits(action, before)) return { before, observed: false };
  const statements = writesOf(action);
  // Of what will not be committed only a part is done, so that it would show.
  const part = way === 'throw' || way === 'roll back' ? statements.slice(0, 1) : statements;
  for (const { sql, args } of part) {
    await transaction.execute(sql, args);
    await think();
  }
  const observed = action.kind === 'cas' || action.kind === 'transfer' ? true : null;
  return { before, observed };
}

/** Whether the action can be done where the object is so. */
function fits(action: Action, before: Observed): boolean {
  if (action.kind === 'cas') return before === action.expected;
  if (action.kind !== 'transfer') return true;
  return (before as readonly number[])[action.from]! >= action.amount;
}

function writesOf(action: Action) {
  if (action.kind !== 'cas') return toStatements(action);
  return [{ sql: SQL.write, args: [action.key, action.value] }];
}
