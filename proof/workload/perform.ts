import type { Database } from '../../src/api/database.ts';
import type { Reached } from '../../src/api/durability.ts';
import type {
  Position,
  QueryResult,
  Receipt,
  Statement,
  WriteOptions,
} from '../../src/api/request.ts';
import { PacelineError } from '../../src/base/errors.ts';
import { type Action, isRead, type Outcome } from '../history/operation.ts';
import { observedIn, outcomeOfError, toStatements } from './statements.ts';

export interface Answer {
  readonly outcome: Outcome;
  readonly position: Position | null;
  /** Of an acknowledged write. */
  readonly reached?: Reached | null;
  /** The request id that it is recorded under. */
  readonly id?: string | null;
  /** What was thrown, a transfer that its CHECK refused included. */
  readonly error?: PacelineError | null;
}

/** How one statement is read; the level, if any, is the caller's matter. */
export type Query = (statement: Statement) => Promise<QueryResult & { position?: Position }>;

/** Carries out a write through a member. Throws what is not a PacelineError. */
export async function performWrite(
  database: Pick<Database, 'execute' | 'batch'>,
  action: Action,
  options?: WriteOptions,
): Promise<Answer> {
  const statements = toStatements(action);
  const only = statements.length === 1 ? statements[0] : undefined;
  try {
    if (only !== undefined) {
      const result = await database.execute(only.sql, only.args, options);
      return answer(action, [result], result);
    }
    const { results, ...receipt } = await database.batch(statements, options);
    return answer(action, results, receipt);
  } catch (error) {
    return answerOfError(action, error);
  }
}

export async function performRead(query: Query, action: Action): Promise<Answer> {
  try {
    const result = await query(toStatements(action)[0]!);
    return answer(action, [result], result);
  } catch (error) {
    return answerOfError(action, error);
  }
}

/** Either of the two, a read at the level that `query` of the member has by itself. */
export function perform(
  database: Pick<Database, 'execute' | 'batch' | 'query'>,
  action: Action,
  options?: WriteOptions,
): Promise<Answer> {
  if (!isRead(action)) return performWrite(database, action, options);
  return performRead(({ sql, args }) => database.query(sql, args), action);
}

export function answer(
  action: Action,
  results: readonly Pick<QueryResult, 'rows'>[],
  { position, reached, id }: Partial<Pick<Receipt, 'position' | 'reached' | 'id'>>,
): Answer {
  const outcome = { kind: 'ok', observed: observedIn(action, results) } as const;
  const told = { position: position ?? null, reached: reached ?? null, id: id ?? null };
  return { outcome, ...told, error: null };
}

/** Throws what is not a PacelineError. */
export function answerOfError(action: Action, error: unknown): Answer {
  if (!(error instanceof PacelineError)) throw error;
  return { outcome: outcomeOfError(action, error), position: null, reached: null, error };
}
