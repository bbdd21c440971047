import { type Connection, DatabaseSync } from './binding.ts';
import { sqlError } from './sql-error.ts';

/**
 * Holds SQLite's writer lock for appends that bypass SQLite. This connection never reads: after such an append its page
 * cache is stale.
 */
export class WriterLock {
  readonly #connection: Connection;

  constructor(path: string, timeoutMs: number) {
    this.#connection = new DatabaseSync(path, { timeout: timeoutMs });
    // Without a cache nothing in it can be stale when the next transaction begins.
    this.#connection.exec('PRAGMA cache_size=0');
  }

  get held(): boolean {
    return this.#connection.isTransaction;
  }

  /** Throws DATABASE_BUSY while another connection holds it. */
  take(): void {
    try {
      this.#connection.exec('BEGIN IMMEDIATE');
    } catch (error) {
      throw sqlError(error);
    }
  }

  release(): void {
    if (this.held) this.#connection.exec('ROLLBACK');
  }

  /** False if a foreign reader prevents it. Throws DISK_FULL, IO. */
  foldWal(): boolean {
    this.release();
    try {
      const row = this.#connection.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get();
      return (row as { busy: number }).busy === 0;
    } catch (error) {
      throw sqlError(error);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
