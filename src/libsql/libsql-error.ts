import { type ErrorCategory, type ErrorCode, PacelineError } from '../base/errors.ts';

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
  override readonly name = 'LibsqlError';
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

/** What `work` throws of Paceline's, in libSQL's shape. */
export async function withLibsqlErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof PacelineError ? new LibsqlError(error) : error;
  }
}
