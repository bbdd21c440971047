import { type ErrorCode, messageOf, PacelineError, type SqliteDetail } from '../base/errors.ts';
import type { Connection, PreparedStatement } from './binding.ts';

/** Primary result codes (https://sqlite.org/rescode.html), by number. */
const NAMES = [
  'OK',
  'ERROR',
  'INTERNAL',
  'PERM',
  'ABORT',
  'BUSY',
  'LOCKED',
  'NOMEM',
  'READONLY',
  'INTERRUPT',
  'IOERR',
  'CORRUPT',
  'NOTFOUND',
  'FULL',
  'CANTOPEN',
  'PROTOCOL',
  'EMPTY',
  'SCHEMA',
  'TOOBIG',
  'CONSTRAINT',
  'MISMATCH',
  'MISUSE',
  'NOLFS',
  'AUTH',
  'FORMAT',
  'RANGE',
  'NOTADB',
];

const RANGE = 25;
const AUTH_DENIED = 23;
const FULL = 13;
const IOERR = 10;
const BUSY = 5;
const DAMAGE = new Set([11, 26]);
/** A virtual table that finds its own tables inconsistent, mostly by what its users wrote to them; SQLite's file is sound. */
const CORRUPT_VTAB = 267;
const CONSTRAINT = 19;

/** SQLite's words for codes that matter, for errors of statements with rows: the binding leaves their number out. */
const BY_WORDS: readonly (readonly [words: RegExp, errcode: number])[] = [
  [/^UNIQUE constraint failed/, 2067],
  [/^NOT NULL constraint failed/, 1299],
  [/^CHECK constraint failed/, 275],
  [/^FOREIGN KEY constraint failed/, 787],
  [/ constraint failed/, CONSTRAINT],
  [/^datatype mismatch/, 20],
  [/^string or blob too big/, 18],
  [/^database or disk is full/, FULL],
  [/^disk I\/O error/, IOERR],
  [/^database disk image is malformed/, 11],
  [/^file is not a database/, 26],
  [/^attempt to write a readonly database/, 8],
  [/^database (table )?is locked/, BUSY],
  [/^interrupted/, 9],
  [/^out of memory/, 7],
];
const ERROR = 1;

/**
 * The error with SQLite's number, where the binding left it out: from `again`, which is to fail in the same way in a call that has no
 * rows. The error as it is if that says anything else.
 */
export function numbered(error: unknown, again: () => void): unknown {
  if (!isUnnumbered(error)) return error;
  try {
    again();
  } catch (second) {
    const same = second instanceof Error && 'errcode' in second && second.message === error.message;
    if (same) return second;
  }
  return error;
}

/**
 * Runs a statement that only reads through all of its rows, without taking them: an error in whichever row comes with its number. The
 * binding's `run` stops at the first row; `exec` does not, but takes no arguments.
 */
export function runThrough(
  connection: Connection,
  statement: PreparedStatement,
  bound: unknown[],
): void {
  statement.run(...bound);
  if (statement.expandedSQL !== undefined) connection.exec(statement.expandedSQL);
}

function isUnnumbered(error: unknown): error is Error {
  if (!(error instanceof Error) || 'errcode' in error) return false;
  return 'code' in error && error.code === 'ERR_SQLITE_ERROR';
}

/** SQLite's detail on an error thrown by the binding; undefined when the error is not SQLite's. */
export function sqliteDetail(error: unknown): SqliteDetail | undefined {
  if (!(error instanceof Error)) return undefined;
  const errcode = errcodeOf(error);
  if (errcode === undefined) return undefined;
  return { code: `SQLITE_${NAMES[errcode & 255] ?? errcode & 255}`, errcode };
}

function errcodeOf(error: Error): number | undefined {
  if ('errcode' in error) return Number(error.errcode);
  if (!('code' in error) || error.code !== 'ERR_SQLITE_ERROR') return undefined;
  return BY_WORDS.find(([words]) => words.test(error.message))?.[1] ?? ERROR;
}

/** What SQLite's words leave out where the statement is not to blame. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  DATABASE_BUSY:
    'another process holds a lock on this member’s database file: end its transaction, or that process; others may only read that file. A member that runs tries again by itself',
  DISK_FULL:
    'free some space where this member’s database is; a member that runs tries again by itself',
};

/** What a caller's statement did wrong, with SQLite's own code and words. */
export function sqlError(error: unknown): PacelineError {
  if (error instanceof PacelineError) return error;
  const sqlite = sqliteDetail(error);
  if (sqlite === undefined)
    return new PacelineError('ARGUMENTS_INVALID', messageOf(error), { cause: error });
  const primary = sqlite.errcode & 255;
  const code =
    primary === RANGE
      ? 'ARGUMENTS_INVALID'
      : primary === AUTH_DENIED
        ? 'STATEMENT_FORBIDDEN'
        : codeOf(sqlite.errcode);
  return new PacelineError(code, advised(error, code), { sqlite, cause: error });
}

/** An error of the binding that turned out to be for want of room. */
export function diskFull(error: unknown): PacelineError {
  const sqlite = sqliteDetail(error);
  const detail = sqlite === undefined ? {} : { sqlite };
  return new PacelineError('DISK_FULL', advised(error, 'DISK_FULL'), { ...detail, cause: error });
}

function advised(error: unknown, code: ErrorCode): string {
  const advice = ADVICE[code];
  return advice === undefined ? messageOf(error) : `${messageOf(error)}: ${advice}`;
}

function codeOf(errcode: number) {
  const primary = errcode & 255;
  if (errcode === CORRUPT_VTAB) return 'SQL';
  if (primary === FULL) return 'DISK_FULL';
  if (primary === IOERR) return 'IO';
  if (primary === BUSY) return 'DATABASE_BUSY';
  return DAMAGE.has(primary) ? 'DATABASE_DAMAGED' : 'SQL';
}

/** True where the statement failed because of the disk, not because of what it asked. */
export function isStorageError(error: PacelineError): boolean {
  return error.category === 'fault';
}
