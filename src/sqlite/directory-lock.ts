import { PacelineError } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { sqliteDetail } from './sql-error.ts';

const SQLITE_BUSY = 5;

/**
 * One member at a time in a directory: a SQLite file that stays exclusively locked. The system lets the lock go with the
 * process however that ends, which a file with a process id in it cannot promise.
 */
export class DirectoryLock {
  readonly #connection: Connection;

  /** Throws DIRECTORY_IN_USE. */
  constructor(path: string, dir: string) {
    this.#connection = new DatabaseSync(path, { timeout: 0 });
    try {
      this.#connection.exec(
        'PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE',
      );
    } catch (error) {
      this.#connection.close();
      if (((sqliteDetail(error)?.errcode ?? 0) & 255) !== SQLITE_BUSY) throw error;
      throw new PacelineError(
        'DIRECTORY_IN_USE',
        `another member has ${dir} open: stop it first, or give this one a directory of its own`,
      );
    }
  }

  /** Idempotent. */
  release(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }
}
