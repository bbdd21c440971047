import { fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { assert } from '../base/assert.ts';
import { messageOf, PacelineError, saysFull } from '../base/errors.ts';

/** So much of a WAL is held in memory at a time while it is written again. */
const RENEWED_BYTES = 2 ** 20;

/**
 * The three files of a live database, read and written beside SQLite. The descriptors stay open while any SQLite
 * connection of this process has the database open: POSIX locks belong to the process, and closing any
 * descriptor of a file drops the locks that SQLite holds on it.
 */
export class DatabaseFiles {
  readonly path: string;
  readonly mainFd: number;
  readonly walFd: number;
  readonly #shmFd: number;

  /** Call with a connection open in WAL mode, so that the `-wal` and `-shm` are there. */
  constructor(path: string) {
    this.path = path;
    this.mainFd = openSync(path, 'r');
    this.walFd = openSync(`${path}-wal`, 'r+');
    this.#shmFd = openSync(`${path}-shm`, 'r+');
  }

  /** One page of the main file; what lies beyond its end is zeros, as SQLite reads it. */
  readMainPage(pgno: number, pageSize: number): Uint8Array {
    const page = new Uint8Array(pageSize);
    readFully(this.mainFd, page, (pgno - 1) * pageSize);
    return page;
  }

  readonly readWal = (offset: number, length: number): Uint8Array =>
    readUpTo(this.walFd, offset, length);
  /** Fills `bytes` from the WAL; returns how many there were. */
  readWalInto(bytes: Uint8Array, offset: number): number {
    return readFully(this.walFd, bytes, offset);
  }

  readonly readShm = (offset: number, length: number): Uint8Array =>
    readUpTo(this.#shmFd, offset, length);

  writeWal(bytes: Uint8Array, offset: number): void {
    writeFully(this.walFd, bytes, offset, `${this.path}-wal`);
  }

  syncWal(): void {
    try {
      fsyncSync(this.walFd);
    } catch (error) {
      throw writeError(error, `${this.path}-wal`);
    }
  }

  /**
   * Writes the first `bytes` of the WAL again as they are, and brings them to disk. For the start, under SQLite's writer lock: what
   * was there may only be in the page cache, taken for written, after a sync that failed; a sync that
   * succeeds says nothing of that. Throws DISK_FULL, IO.
   */
  renewWal(bytes: number): void {
    for (let at = 0; at < bytes; at += RENEWED_BYTES)
      this.writeWal(this.readWal(at, Math.min(RENEWED_BYTES, bytes - at)), at);
    this.syncWal();
  }

  writeShm(bytes: Uint8Array, offset: number): void {
    writeFully(this.#shmFd, bytes, offset, `${this.path}-shm`);
  }

  /** To be closed only when no connection of this process, in whatever thread, has the database open any more. */
  get descriptors(): number[] {
    return [this.mainFd, this.walFd, this.#shmFd];
  }
}

function readUpTo(fd: number, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  return bytes.subarray(0, readFully(fd, bytes, offset));
}

function readFully(fd: number, bytes: Uint8Array, offset: number): number {
  let done = 0;
  while (done < bytes.length) {
    const got = readSync(fd, bytes, done, bytes.length - done, offset + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

function writeFully(fd: number, bytes: Uint8Array, offset: number, file: string): void {
  let done = 0;
  try {
    while (done < bytes.length) {
      const put = writeSync(fd, bytes, done, bytes.length - done, offset + done);
      assert(put > 0, 'a write took nothing');
      done += put;
    }
  } catch (error) {
    throw writeError(error, file);
  }
}

/** The error of a failed write, as the operator should read it. */
export function writeError(error: unknown, file: string): PacelineError {
  return saysFull(error)
    ? new PacelineError(
        'DISK_FULL',
        `no room left to write ${file}: free some space; a member that runs tries again by itself`,
        { cause: error },
      )
    : new PacelineError(
        'IO',
        `cannot write ${file}: ${messageOf(error)}; check the disk, then restart this member`,
        { cause: error },
      );
}
