import type { ErrorRecord } from '../../src/base/errors.ts';
import type { CallOutcome, StepResult } from './outcome.ts';

/** SQLite's names of primary codes that the generator provokes (https://sqlite.org/rescode.html). */
const NAMES: Record<number, string> = {
  1: 'ERROR',
  8: 'READONLY',
  11: 'CORRUPT',
  13: 'FULL',
  18: 'TOOBIG',
  19: 'CONSTRAINT',
  20: 'MISMATCH',
  25: 'RANGE',
};

/** What SQLite said of a step. Anything else that is thrown is a fault of this program. */
export class SqliteFailure extends Error {
  readonly record: ErrorRecord;
  /** Which statement it was. */
  index: number | null = null;

  constructor(record: ErrorRecord) {
    super(record.message);
    this.record = record;
  }
}

export function attempt(work: () => StepResult[]): CallOutcome {
  try {
    return { results: work() };
  } catch (error) {
    if (error instanceof SqliteFailure) return { error: error.record };
    throw error;
  }
}

export function at<T>(index: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof SqliteFailure) error.index = index;
    throw error;
  }
}

/** The errors of a batch tell which statement it was; those of its commit are no statement's. */
export function numberingStatements(work: () => StepResult[], first = 0): StepResult[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SqliteFailure) || error.index === null) throw error;
    throw new SqliteFailure({ ...error.record, statementIndex: error.index + first });
  }
}

export function withNumber(error: unknown, again: (() => unknown) | null): unknown {
  if (again === null || (error as { errcode?: number }).errcode !== undefined) return error;
  try {
    again();
  } catch (second) {
    return second;
  }
  return error;
}

export function recordOf(error: unknown): ErrorRecord {
  const {
    errcode,
    message,
    code: kind,
  } = error as { errcode?: number; message: string; code?: string };
  if (kind !== 'ERR_SQLITE_ERROR') throw error;
  // An error in a later row of a read: no call of the binding tells its number.
  if (errcode === undefined) return { code: 'SQL', message };
  const code = `SQLITE_${NAMES[errcode & 255] ?? errcode & 255}`;
  return { code: 'SQL', message, sqlite: { code, errcode } };
}
