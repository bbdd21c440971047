import { messageOf, PacelineError } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { sqliteDetail } from './sql-error.ts';

const SQLITE_BUSY = 5;

/**
 * One member at a time in a directory: a SQLite file that stays exclusively locked. The system lets the lock go with the
 * process however that ends, which a file with a process id in it cannot promise.
 */
export class DirectoryLock {
  readonly #connection: Connection;

  /** Throws DIRECTORY_IN_USE, IO. */
  constructor(path: string, dir: string) {
    let connection: Connection | null = null;
    try {
      connection = new DatabaseSync(path, { timeout: 0 });
      connection.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
      this.#connection = connection;
    } catch (error) {
      connection?.close();
      throw ((sqliteDetail(error)?.errcode ?? 0) & 255) === SQLITE_BUSY
        ? inUse(dir)
        : noLock(path, error);
    }
  }

  /** Idempotent. */
  release(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }
}

function inUse(dir: string): PacelineError {
  return new PacelineError(
    'DIRECTORY_IN_USE',
    `another member has ${dir} open: stop it first, or give this one a directory of its own`,
  );
}

function noLock(path: string, cause: unknown): PacelineError {
  const why = `cannot lock ${path}: ${messageOf(cause)}`;
  const advice = 'check the permissions, and that there is room for another file';
  return new PacelineError('IO', `${why}; ${advice}`, { cause });
}
