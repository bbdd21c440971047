/**
 * What the caller can do about an error; every decision (retry, HTTP status, exit code) follows from it.
 * - `redirect`: another member can serve this; go there.
 * - `retryable`: nothing was done; the same call may succeed later.
 * - `unknown-outcome`: it may or may not have been done; retry with the same request id, or ask.
 * - `rejected`: it will not be done as it stands; change the request.
 * - `fault`: this member is damaged or misconfigured; an operator has to act.
 */
export type ErrorCategory = 'redirect' | 'retryable' | 'unknown-outcome' | 'rejected' | 'fault';

/** Every error code with its category. Codes are stable: once released they keep their meaning. */
export const ERROR_CODES = {
  // requests
  SQL: 'rejected', // SQLite's own error; `sqlite` carries its code
  STATEMENT_FORBIDDEN: 'rejected',
  STATEMENTS_MANY: 'rejected', // more than one statement where one is expected
  STATEMENT_EMPTY: 'rejected',
  ARGUMENTS_INVALID: 'rejected',
  REQUEST_INVALID: 'rejected',
  REQUEST_TOO_LARGE: 'rejected',
  RESULT_TOO_LARGE: 'rejected',
  TRANSACTION_TOO_LARGE: 'rejected',
  READ_ONLY: 'rejected', // a write through a read call
  TOKEN_INVALID: 'rejected', // not a token of Paceline's
  POSITION_LOST: 'rejected', // what a token stands for was discarded by a failover; it was never on a quorum
  LAGGING: 'retryable', // this member is too far behind for the read, and was in all the time it had
  SNAPSHOT_ENDED: 'retryable', // the state that a long read was about is not kept any longer
  DATABASE_BUSY: 'retryable', // a foreign process holds a lock on the database file
  OVERLOADED: 'retryable',
  NO_LEADER: 'retryable',
  NOT_LEADER: 'redirect',
  NOT_READY: 'retryable',
  TIMED_OUT: 'retryable', // its time was up before anything was done
  TRANSACTION_ABORTED: 'retryable', // undone; the message says by what
  TRANSACTION_ENDED: 'rejected', // used after its commit or rollback
  NOT_KNOWN: 'retryable', // nothing is recorded under the request id
  OUTCOME_UNKNOWN: 'unknown-outcome',
  CLOSED: 'rejected',
  // configuration and start
  OPTIONS_INVALID: 'rejected',
  DIRECTORY_IN_USE: 'rejected',
  DIRECTORY_OF_ANOTHER: 'rejected', // other cluster, other member
  ADDRESS_IN_USE: 'rejected',
  IMPORT_INVALID: 'rejected',
  // members among themselves
  CLUSTER_MISMATCH: 'fault',
  MEMBERS_MISMATCH: 'fault',
  SECRET_MISMATCH: 'fault',
  PROTOCOL_MISMATCH: 'fault',
  // stored state
  LOG_DAMAGED: 'fault',
  HARD_STATE_DAMAGED: 'fault',
  DATABASE_DAMAGED: 'fault',
  DATABASE_MISSING: 'fault',
  DATABASE_DIVERGED: 'fault', // does not fit its log, or its checksum differs
  RECORD_DAMAGED: 'fault', // bytes that do not decode
  FOREIGN_WRITE: 'fault', // another process wrote to the database file
  DISK_FULL: 'fault',
  IO: 'fault',
  INTERNAL: 'fault',
} as const satisfies Record<string, ErrorCategory>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** SQLite's own words about a failed statement. */
export interface SqliteDetail {
  /** Symbolic base code, e.g. `SQLITE_CONSTRAINT`. */
  readonly code: string;
  /** Extended numeric code, e.g. 2067 for a UNIQUE violation. */
  readonly errcode: number;
}

/** The plain form that crosses threads and wires. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly message: string;
  readonly sqlite?: SqliteDetail;
  readonly requestId?: string;
  readonly statementIndex?: number;
}

/** Codes of errors that are about one statement, wherever they are about one at all. */
const OF_STATEMENTS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['SQL', 'STATEMENT_FORBIDDEN', 'STATEMENTS_MANY', 'STATEMENT_EMPTY', 'READ_ONLY'] as const),
  ...(['ARGUMENTS_INVALID', 'REQUEST_INVALID', 'REQUEST_TOO_LARGE', 'RESULT_TOO_LARGE'] as const),
]);

/** The one error class of Paceline. The message ends with what to do about it. */
export class PacelineError extends Error {
  override readonly name = 'PacelineError';
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly sqlite: SqliteDetail | undefined;
  /** With OUTCOME_UNKNOWN: under this id it can be asked what became of the write, and the write tried again. */
  readonly requestId: string | undefined;
  /**
   * In a batch, a migration, a script or a load: which statement failed, counted from 0. Undefined for a single statement,
   * and for what is no one statement's fault, such as a deferred foreign key at the commit.
   */
  readonly statementIndex: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown } & Omit<ErrorRecord, 'code' | 'message'> = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.category = ERROR_CODES[code];
    this.sqlite = options.sqlite;
    this.requestId = options.requestId;
    this.statementIndex = options.statementIndex;
  }

  toRecord(): ErrorRecord {
    const { code, message, sqlite, requestId, statementIndex } = this;
    return {
      ...{ code, message },
      ...(sqlite === undefined ? {} : { sqlite }),
      ...(requestId === undefined ? {} : { requestId }),
      ...(statementIndex === undefined ? {} : { statementIndex }),
    };
  }

  static fromRecord({ code, message, ...options }: ErrorRecord): PacelineError {
    return new PacelineError(code, message, options);
  }
}

/** Anything thrown because of the statement with this number: with the number, if that is what it is about. */
export function atStatement(error: unknown, statementIndex: number): unknown {
  if (!(error instanceof PacelineError) || !OF_STATEMENTS.has(error.code)) return error;
  const { code, message, ...options } = error.toRecord();
  return new PacelineError(code, message, { ...options, cause: error.cause, statementIndex });
}

/** `ENOSPC`, `EIO` and the like of an error of the system; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Whether the system refused a call because there is no room: on the disk, or within a quota. */
export function saysFull(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOSPC' || code === 'EDQUOT';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Anything thrown, as what the member reports: an error of ours as it is, everything else as a bug. */
export function asPacelineError(error: unknown): PacelineError {
  if (error instanceof PacelineError) return error;
  const where = error instanceof Error ? `\n${error.stack}` : '';
  const message = `${messageOf(error)}; this is a bug: please report it${where}`;
  return new PacelineError('INTERNAL', message, { cause: error });
}
