import { fdatasyncSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import type { DatabaseFiles } from './database-files.ts';
import { sqliteDetail } from './sql-error.ts';

/**
 * `PASSIVE` copies what it can beside readers and writers; the others also empty the WAL: `TRUNCATE` gives its space back, `RESTART`
 * keeps it.
 */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';
export type CheckpointRequest = CheckpointMode | 'sync-wal';

export type CheckpointReply =
  | { readonly busy: boolean; readonly walFrames: number; readonly copiedFrames: number }
  | { readonly error: string; readonly errcode: number };

/** What kept a sync from being done; null if it was. */
export type SyncReply = string | null;

export type CheckpointFiles = Pick<DatabaseFiles, 'path' | 'mainFd' | 'walFd'>;

/** A checkpoint waits this long for a foreign reader or checkpoint before it gives up and is tried again later. */
const BUSY_MS = 20;

/** Few, so that a small transaction is larger than the cache. A checkpoint does not use it. */
const CACHE_PAGES = 10;
const LARGE_PAGES = 4 * CACHE_PAGES;
const LARGE_TRANSACTION = `CREATE TABLE _paceline_large(x);
  INSERT INTO _paceline_large SELECT zeroblob(${LARGE_PAGES} * page_size) FROM pragma_page_size`;

/** A connection that does nothing but checkpoints. */
export class Checkpointer {
  readonly #connection: Connection;
  readonly #files: CheckpointFiles;

  constructor(files: CheckpointFiles, busyMs = BUSY_MS) {
    this.#files = files;
    this.#connection = new DatabaseSync(files.path, { timeout: busyMs, returnArrays: true });
    this.#connection.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');
    this.#connection.exec(`PRAGMA cache_size=${CACHE_PAGES}`);
  }

  run(mode: CheckpointMode): CheckpointReply {
    try {
      const reply = this.#checkpoint(mode);
      // SQLite leaves that to the checkpoint that copies the last frame, which work is paused for.
      if (mode === 'PASSIVE') fdatasyncSync(this.#files.mainFd);
      return mode === 'RESTART' && !reply.busy ? this.#beginAnew() : reply;
    } catch (error) {
      return { error: messageOf(error), errcode: sqliteDetail(error)?.errcode ?? 0 };
    }
  }

  #checkpoint(mode: CheckpointMode) {
    const row = this.#connection
      .prepare(`PRAGMA wal_checkpoint(${mode})`)
      .get() as unknown as number[];
    return { busy: row[0] !== 0, walFrames: row[1]!, copiedFrames: row[2]! };
  }

  /**
   * The next one to write frames begins the WAL at its start. That must be SQLite, which sees to the locks of readers; it writes them
   * before a COMMIT when a transaction is larger than its page cache, and a ROLLBACK leaves none of them.
   */
  #beginAnew() {
    this.#connection.exec('BEGIN IMMEDIATE');
    try {
      this.#connection.exec(LARGE_TRANSACTION);
    } finally {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
    }
    const { walFrames, copiedFrames } = this.#checkpoint('PASSIVE');
    return { busy: walFrames > 0, walFrames, copiedFrames };
  }

  /** Brings to disk what the WAL has. */
  syncWal(): SyncReply {
    try {
      fdatasyncSync(this.#files.walFd);
      return null;
    } catch (error) {
      return messageOf(error);
    }
  }

  close(): void {
    this.#connection.close();
  }
}
