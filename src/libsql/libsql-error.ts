import { atStatement, type ErrorCategory, type ErrorCode, PacelineError } from '../base/errors.ts';

/** What libSQL calls errors that are not SQLite's; all others keep Paceline's code. */
const CODES: Partial<Record<ErrorCode, string>> = {
  ARGUMENTS_INVALID: 'ARGS_INVALID',
  CLOSED: 'CLIENT_CLOSED',
  DATABASE_BUSY: 'SQLITE_BUSY',
  READ_ONLY: 'SQLITE_READONLY',
  STATEMENT_EMPTY: 'SQL_NO_STATEMENT',
  STATEMENT_FORBIDDEN: 'SQLITE_AUTH',
  STATEMENTS_MANY: 'SQL_MANY_STATEMENTS',
  TRANSACTION_ENDED: 'TRANSACTION_CLOSED',
};

/** Extended result codes that say which constraint it was (https://sqlite.org/rescode.html), by number. */
const CONSTRAINTS = new Map([
  [275, 'CHECK'],
  [787, 'FOREIGNKEY'],
  [1299, 'NOTNULL'],
  [1555, 'PRIMARYKEY'],
  [1811, 'TRIGGER'],
  [2067, 'UNIQUE'],
  [2323, 'VTAB'],
  [2579, 'ROWID'],
  [3091, 'DATATYPE'],
]);

/** An error in the shape that tools for libSQL look at; the error that it stands for is its `cause`. */
export class LibsqlError extends Error {
  override readonly name: string = 'LibsqlError';
  /** SQLite's base code, as `SQLITE_CONSTRAINT`; for what is not SQLite's, libSQL's name or Paceline's. */
  readonly code: string;
  /** With the kind of constraint, as `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly extendedCode: string;
  /** SQLite's extended numeric code. */
  readonly rawCode: number | undefined;
  readonly category: ErrorCategory;

  constructor(cause: PacelineError) {
    const { sqlite } = cause;
    const code = sqlite?.code ?? CODES[cause.code] ?? cause.code;
    super(`${code}: ${cause.message}`, { cause });
    const constraint = CONSTRAINTS.get(sqlite?.errcode ?? 0);
    this.code = code;
    this.extendedCode = constraint === undefined ? code : `${code}_${constraint}`;
    this.rawCode = sqlite?.errcode;
    this.category = cause.category;
  }
}

/** The error of one of several statements. */
export class LibsqlBatchError extends LibsqlError {
  override readonly name = 'LibsqlBatchError';
  /** Which of them failed, counted from 0. */
  readonly statementIndex: number;

  constructor(cause: PacelineError, statementIndex: number) {
    super(cause);
    this.statementIndex = statementIndex;
  }
}

/** What `work` does for the statement with this number. */
export async function atPlace<T>(statementIndex: number, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw atStatement(error, statementIndex);
  }
}

/** The result, or an error that names the place that its statement has for the caller. */
export async function withPlaces<T>(result: Promise<T>, places: readonly number[]): Promise<T> {
  try {
    return await result;
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    const at = error.statementIndex ?? (places.length === 1 ? 0 : undefined);
    throw at === undefined ? error : atStatement(error, places[at] ?? at);
  }
}

/** What `work` throws of Paceline's, in libSQL's shape. */
export async function withLibsqlErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    const { statementIndex } = error;
    throw statementIndex === undefined
      ? new LibsqlError(error)
      : new LibsqlBatchError(error, statementIndex);
  }
}
