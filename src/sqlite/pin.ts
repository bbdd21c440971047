import type { Connection } from './binding.ts';
import { DatabaseSync } from './binding.ts';

/**
 * An open read transaction. While it is held, no checkpoint, a foreign process's included, copies frames later
 * than its own into the main file, and the WAL is not begun anew before them. Taken while all of the WAL is in the main
 * file, it keeps the main file as it is.
 */
export class Pin {
  readonly #connection: Connection;

  constructor(path: string) {
    this.#connection = new DatabaseSync(path, { readOnly: true });
  }

  get held(): boolean {
    return this.#connection.isTransaction;
  }

  /** Holds what is committed now. */
  take(): void {
    this.release();
    this.#connection.exec('BEGIN');
    this.#connection.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  }

  release(): void {
    if (this.held) this.#connection.exec('COMMIT');
  }

  close(): void {
    this.#connection.close();
  }
}
