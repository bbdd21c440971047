import { fdatasyncSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import type { DatabaseFiles } from './database-files.ts';
import { sqliteDetail } from './sql-error.ts';

/**
 * `PASSIVE` copies what it can beside readers and writers; the others also empty the WAL: `TRUNCATE` gives its space back, `RESTART`
 * keeps it.
 */
export type CheckpointMode = 'PASSIVE' | 'RESTART' | 'TRUNCATE';
export type CheckpointRequest = CheckpointMode | 'sync-wal';

/** `busy`: a lock of somebody else's kept it from getting to its end. */
interface Checkpointed {
  readonly busy: boolean;
  readonly walFrames: number;
  readonly copiedFrames: number;
}

/** `unsynced`: the disk may have lost what it had taken; see `syncFailed`. */
interface CheckpointFailure {
  readonly error: string;
  readonly unsynced: boolean;
}

export type CheckpointReply = Checkpointed | CheckpointFailure;

/** What kept a sync from being done; null if it was. */
export type SyncReply = string | null;

export type CheckpointFiles = Pick<DatabaseFiles, 'path' | 'mainFd' | 'walFd'>;

const SQLITE_BUSY = 5;
/** SQLite's words for a sync that failed, of a file and of a directory (https://sqlite.org/rescode.html). */
const SYNC_FAILURES: ReadonlySet<number> = new Set([1034, 1290]);

/** A checkpoint waits this long for a foreign reader or checkpoint before it gives up and is tried again later. */
const BUSY_MS = 20;

/** Few, so that a small transaction is larger than the cache. A checkpoint does not use it. */
const CACHE_PAGES = 10;
const LARGE_PAGES = 4 * CACHE_PAGES;
const LARGE_TRANSACTION = `CREATE TABLE _paceline_large(x);
  INSERT INTO _paceline_large SELECT zeroblob(${LARGE_PAGES} * page_size) FROM pragma_page_size`;

type Opener = new (
  path: string,
  options: { readonly timeout: number; readonly returnArrays: boolean },
) => Connection;

/** A connection that does nothing but checkpoints. */
export class Checkpointer {
  readonly #connection: Connection;
  readonly #files: CheckpointFiles;

  constructor(files: CheckpointFiles, busyMs = BUSY_MS, Database: Opener = DatabaseSync) {
    this.#files = files;
    this.#connection = new Database(files.path, { timeout: busyMs, returnArrays: true });
    this.#connection.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');
    this.#connection.exec(`PRAGMA cache_size=${CACHE_PAGES}`);
  }

  run(mode: CheckpointMode): CheckpointReply {
    try {
      const reply = this.#checkpoint(mode);
      // SQLite leaves that to the checkpoint that copies the last frame, which work is paused for.
      if (mode === 'PASSIVE') return this.#syncMain() ?? reply;
      return mode === 'RESTART' && !reply.busy ? this.#beginAnew(reply) : reply;
    } catch (error) {
      const unsynced = SYNC_FAILURES.has(sqliteDetail(error)?.errcode ?? 0);
      return { error: `${this.#files.path}: ${messageOf(error)}`, unsynced };
    }
  }

  #syncMain(): CheckpointFailure | null {
    const { path, mainFd } = this.#files;
    const error = sync(mainFd, path);
    return error === null ? null : { error, unsynced: true };
  }

  #checkpoint(mode: CheckpointMode): Checkpointed {
    const row = this.#connection
      .prepare(`PRAGMA wal_checkpoint(${mode})`)
      .get() as unknown as number[];
    return { busy: row[0] !== 0, walFrames: row[1]!, copiedFrames: row[2]! };
  }

  /**
   * Call when all of the WAL is in the main file. The next one to write frames begins the WAL at its start. That must be SQLite,
   * which sees to the locks of readers; it writes them before a COMMIT when a transaction is larger than its page cache, and a
   * ROLLBACK leaves none of them.
   */
  #beginAnew({ walFrames: frames }: Checkpointed): Checkpointed {
    if (!this.#takeLock()) return { busy: true, walFrames: frames, copiedFrames: frames };
    try {
      this.#connection.exec(LARGE_TRANSACTION);
    } finally {
      if (this.#connection.isTransaction) this.#connection.exec('ROLLBACK');
    }
    const { busy, walFrames, copiedFrames } = this.#checkpoint('PASSIVE');
    return { busy: busy || walFrames > 0, walFrames, copiedFrames };
  }

  /** False if a foreign process was quicker: SQLite's writer lock is let go between a checkpoint and what follows it. */
  #takeLock(): boolean {
    try {
      this.#connection.exec('BEGIN IMMEDIATE');
      return true;
    } catch (error) {
      if (((sqliteDetail(error)?.errcode ?? 0) & 255) === SQLITE_BUSY) return false;
      throw error;
    }
  }

  /** Brings to disk what the WAL has. */
  syncWal(): SyncReply {
    return sync(this.#files.walFd, `${this.#files.path}-wal`);
  }

  close(): void {
    this.#connection.close();
  }
}

function sync(fd: number, file: string): SyncReply {
  try {
    fdatasyncSync(fd);
    return null;
  } catch (error) {
    return `${file}: ${messageOf(error)}`;
  }
}

/**
 * What follows from a sync of the database's files that failed. Linux forgets the pages that it could not write, and says so
 * once: the next sync succeeds, and what it is then believed to have kept is gone with the page cache. So nothing may
 * rest on these files any more. Whoever starts again finds what the WAL had in the page cache, or what its checksums
 * leave of it, and writes that again (`renewWal`); the log has all of it.
 */
export function syncFailed(error: string): PacelineError {
  const why = 'the disk may have lost what it had taken, so this member stops';
  const next = 'check the disk and the room on it, then start this member again';
  return new PacelineError(
    'IO',
    `the database could not be synced (${error}): ${why}; no acknowledged write is lost, the log has them all; ${next}`,
  );
}
