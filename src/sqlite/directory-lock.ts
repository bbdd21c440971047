import { existsSync, rmSync, statSync } from 'node:fs';
import { messageOf, PacelineError } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { sqliteDetail } from './sql-error.ts';

const SQLITE_BUSY = 5;
/** So often another file may turn up at the path while it is locked: each time somebody else has removed one. */
const TRIES_MAX = 10;

/**
 * One member at a time in a directory: a SQLite file that stays exclusively locked. The system lets the lock go with the
 * process however that ends, which a file with a process id in it cannot promise.
 */
export class DirectoryLock {
  readonly #path: string;
  readonly #connection: Connection;
  readonly #isNew: boolean;

  /** Throws DIRECTORY_IN_USE, IO. */
  constructor(path: string, dir: string) {
    this.#path = path;
    this.#isNew = !existsSync(path);
    this.#connection = lockFileAt(path, dir);
  }

  /** Idempotent. */
  release(): void {
    if (this.#connection.isOpen) this.#connection.close();
  }

  /** The same, and the file goes if it was not there before. */
  undo(): void {
    // While it is locked: who has it open already, and gets the lock then, finds that it is not the one at the path.
    if (this.#connection.isOpen && this.#isNew) rmSync(this.#path, { force: true });
    this.release();
  }
}

/** Of a file that was at the path before it was opened, and is when it is locked: so it is the one that is locked. */
function lockFileAt(path: string, dir: string): Connection {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const before = fileAt(path);
    const connection = openLocked(path, dir);
    if (before !== null && before === fileAt(path)) return connection;
    connection.close();
  }
  throw inUse(dir);
}

/** Which file is there; null for none. Throws IO. */
function fileAt(path: string): string | null {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat === undefined ? null : `${stat.dev} ${stat.ino} ${stat.birthtimeNs}`;
  } catch (error) {
    throw noLock(path, error);
  }
}

/** Makes the file where there is none. */
function openLocked(path: string, dir: string): Connection {
  let connection: Connection | null = null;
  try {
    connection = new DatabaseSync(path, { timeout: 0 });
    connection.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
    return connection;
  } catch (error) {
    connection?.close();
    throw ((sqliteDetail(error)?.errcode ?? 0) & 255) === SQLITE_BUSY
      ? inUse(dir)
      : noLock(path, error);
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
