import type { LocalDatabase, Transaction } from '../../src/api/database.ts';
import { REACHED_QUORUM } from '../../src/api/durability.ts';
import type { Statement, StatementResult, WriteOptions } from '../../src/api/request.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { type Action, isRead } from '../history/operation.ts';
import { type Answer, performRead, performWrite, type Query } from '../workload/perform.ts';
import { observedIn, outcomeOfError, toStatements } from '../workload/statements.ts';
import type { Answered, Fate, Reading, SaidError, Wish, Writing } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { watched } from './watched.ts';

/** What an application does on the handle of the member that it embeds. */
export async function perform(
  database: LocalDatabase,
  { action, reading, writing }: Wish,
): Promise<Answered> {
  const errors: PacelineError[] = [];
  const onError = (error: PacelineError) => errors.push(error);
  const answer = isRead(action)
    ? await performRead(watched(queryOf(database, reading), onError), action)
    : await write(database, action, writing, onError);
  return { ...answered(answer, errors), token: database.token };
}

/** An answer, and the error that it was or that stood before it. */
export function answered(
  { outcome, position, reached = null, id = null }: Answer,
  [error]: readonly PacelineError[],
): Omit<Answered, 'token'> {
  return { outcome, position, reached, id: id ?? error?.requestId ?? null, error: said(error) };
}

function said(error: PacelineError | undefined): SaidError | null {
  if (error === undefined) return null;
  return { code: error.code, message: error.message, sqlite: error.sqlite?.code ?? null };
}

function queryOf(database: LocalDatabase, { style, ...options }: Reading): Query {
  switch (style) {
    case 'query':
      return ({ sql, args }) => database.query(sql, args, options);
    case 'in-place':
      return async (statement) => readInPlace(database, statement, options);
    case 'snapshot':
      return ({ sql, args }) => database.snapshot((state) => state.query(sql, args), options);
    case 'transaction':
      return ({ sql, args }) => {
        const settings = { mode: 'read', timeoutMs: LIMITS.operationTimeoutMs } as const;
        return database.transaction((transaction) => transaction.query(sql, args), settings);
      };
  }
}

/** This thread stands still while it waits: as an application would, it does not wait long. */
export function readInPlace(
  database: LocalDatabase,
  { sql, args = [] }: Statement,
  { level, after }: Pick<Reading, 'level' | 'after'>,
) {
  const needs = {
    ...(level === 'eventual' || level === 'session' ? { level } : {}),
    ...(after === undefined ? {} : { after }),
  };
  const statement = database.prepare(sql, { timeoutMs: LIMITS.inPlaceMs, ...needs }).raw();
  return { columns: statement.columns().map(({ name }) => name), rows: statement.all(args) };
}

function write(
  database: LocalDatabase,
  action: Action,
  { style, ...writing }: Writing,
  onError: (error: PacelineError) => void,
): Promise<Answer> {
  const { id, durability, timeoutMs } = writing;
  if (id === null) return performWrite(watchedWrites(database, onError), action);
  const options = { id, timeoutMs, ...(durability === null ? {} : { durability }) };
  if (style === 'plain') return performWrite(watchedWrites(database, onError), action, options);
  return transact(database, action, style, options, onError);
}

function watchedWrites(database: LocalDatabase, onError: (error: PacelineError) => void) {
  return {
    execute: watched(database.execute.bind(database), onError),
    batch: watched(database.batch.bind(database), onError),
  };
}

/** Leaves a transaction whose action cannot be done: nothing is known of the state that this was found in. */
class Refused extends Error {}

async function transact(
  database: LocalDatabase,
  action: Action,
  style: 'transaction' | 'deferred' | 'function',
  options: WriteOptions & { readonly id: string },
  onError: (error: PacelineError) => void,
): Promise<Answer> {
  try {
    if (style === 'function') {
      const work = (transaction: Transaction) => runAll(transaction, action);
      const retries = LIMITS.transactionRetries;
      const results = await database.transaction(work, { ...options, retries });
      return { outcome: okOf(action, results), position: null };
    }
    const mode = style === 'transaction' ? 'write' : 'deferred';
    const transaction = await database.transaction(mode, options);
    try {
      const results = await runAll(transaction, action);
      const { position, reached } = await transaction.commit();
      return { outcome: okOf(action, results), position, reached };
    } finally {
      await transaction.close();
    }
  } catch (error) {
    if (error instanceof Refused) return { outcome: { kind: 'rejected' }, position: null };
    if (!(error instanceof PacelineError)) throw error;
    onError(error);
    return afterError(database, action, options.id, error);
  }
}

function okOf(action: Action, results: readonly StatementResult[]) {
  return { kind: 'ok', observed: observedIn(action, results) } as const;
}

/** What the action needs is read first, as an application does that decides by it. Throws Refused. */
async function runAll(transaction: Transaction, action: Action): Promise<StatementResult[]> {
  if (action.kind === 'transfer') {
    const { bank, from, amount } = action;
    const [read] = toStatements({ kind: 'balances', bank });
    const { rows } = await transaction.query(read!.sql, read!.args);
    if ((rows[from]![0] as number) < amount) throw new Refused();
  }
  const results: StatementResult[] = [];
  for (const { sql, args } of toStatements(action))
    results.push(await transaction.execute(sql, args));
  if (action.kind === 'cas' && results[0]!.rows.length === 0) throw new Refused();
  return results;
}

/** Of a transaction that has ended, an outcome that is not known is final: it did not happen. */
async function afterError(
  database: LocalDatabase,
  action: Action,
  id: string,
  error: PacelineError,
): Promise<Answer> {
  // Within a transaction a refusal is that of a state of which nobody has said that it is the latest.
  const outcome = error.sqlite === undefined ? outcomeOfError(action, error) : null;
  if (outcome?.kind !== 'unknown') return { outcome: { kind: 'rejected' }, position: null };
  const fate = await fateOf(database, id, action).catch(() => null);
  if (fate === null) return { outcome, position: null };
  if (fate.state !== 'committed') return { outcome: { kind: 'rejected' }, position: null };
  const { observed, position } = fate;
  return { outcome: { kind: 'ok', observed }, position, reached: REACHED_QUORUM };
}

/** Rejects where the leader cannot be asked. */
export async function fateOf(database: LocalDatabase, id: string, action: Action): Promise<Fate> {
  const found = await database.outcome(id, { timeoutMs: LIMITS.operationTimeoutMs });
  if (found.state !== 'committed') return { state: found.state };
  const { results, position } = found;
  // A transaction's results are not kept, but this one commits a cas only where it did something.
  const observed =
    results.length === 0 && action.kind === 'cas' ? true : observedIn(action, results);
  return {
    state: 'committed',
    position,
    observed: typeof observed === 'boolean' ? observed : null,
  };
}
