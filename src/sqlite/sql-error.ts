import { messageOf, PacelineError, type SqliteDetail } from '../base/errors.ts';

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

/** SQLite's detail on an error thrown by the binding; undefined when the error is not SQLite's. */
export function sqliteDetail(error: unknown): SqliteDetail | undefined {
  if (!(error instanceof Error) || !('errcode' in error)) return undefined;
  const errcode = Number(error.errcode);
  return { code: `SQLITE_${NAMES[errcode & 255] ?? errcode & 255}`, errcode };
}

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
        : codeOf(primary);
  return new PacelineError(code, messageOf(error), { sqlite, cause: error });
}

function codeOf(primary: number) {
  if (primary === FULL) return 'DISK_FULL';
  if (primary === IOERR) return 'IO';
  if (primary === BUSY) return 'DATABASE_BUSY';
  return DAMAGE.has(primary) ? 'DATABASE_DAMAGED' : 'SQL';
}

/** True where the statement failed because of the disk, not because of what it asked. */
export function isStorageError(error: PacelineError): boolean {
  return error.category === 'fault';
}
