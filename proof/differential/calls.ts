import { PacelineError } from '../../src/base/errors.ts';
import { type Member, MemberDied } from '../../test/cluster/member.ts';
import { asRead, plain } from './door.ts';
import type { CallOutcome } from './outcome.ts';
import type { Call } from './step.ts';

export type OpenTransaction = Awaited<ReturnType<Member['begin']>>;

/** What a call may answer while leadership is on its way from one to another: ask again, with the same id. */
const PASSING = [
  ...['NO_LEADER', 'NOT_READY', 'OUTCOME_UNKNOWN', 'CLOSED', 'OVERLOADED', 'NOT_LEADER'],
  'TRANSACTION_ABORTED',
];

export function isPassing(error: unknown): boolean {
  if (error instanceof MemberDied) return true;
  return error instanceof PacelineError && PASSING.includes(error.code);
}

export function isUnknown(error: unknown): boolean {
  return error instanceof MemberDied || (error as PacelineError).code === 'OUTCOME_UNKNOWN';
}

export function errorOf(error: unknown) {
  if (error instanceof PacelineError) return error.toRecord();
  throw error;
}

/** A call of a transaction. Throws if that was rolled back for no reason of its own. */
export async function callWithin(
  open: OpenTransaction,
  { kind, statements }: Call,
  before: readonly CallOutcome[],
): Promise<CallOutcome> {
  const [only] = statements;
  try {
    if (kind === 'batch') return { results: await open.batch(statements.map(plain)) };
    if (kind === 'execute') return { results: [await open.execute(only!.sql, only!.args)] };
    const { columns, rows } = await open.query(only!.sql, only!.args);
    return { results: [asRead(columns, rows)] };
  } catch (error) {
    if (isPassing(error) && !isRolledBack(error, before)) throw error;
    return { error: errorOf(error) };
  }
}

/** Whether the transaction has ended by what one of its own statements did. */
export function isRolledBack(error: unknown, before: readonly CallOutcome[]): boolean {
  if (!(error instanceof PacelineError) || error.code !== 'TRANSACTION_ABORTED') return false;
  return before.some((one) => 'error' in one && error.message.includes(one.error.message));
}
