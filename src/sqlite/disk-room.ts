import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { messageOf, PacelineError, saysFull } from '../base/errors.ts';
import type { Connection } from './binding.ts';
import { diskFull, sqlError } from './sql-error.ts';

/** A wal-index grows by so much at once. */
const WAL_INDEX_BYTES = 32 * 1024;
const FRAME_HEADER_BYTES = 24;

/**
 * Whether `bytes` more find room beside `path`; null if that cannot be found out. Tried, since what a file system says about its
 * free space counts neither quotas nor what it keeps for itself. The file has lost its name before anything is in it.
 */
function hasRoom(path: string, bytes: number): boolean | null {
  const name = `${path}-room`;
  try {
    const fd = openSync(name, 'w');
    try {
      rmSync(name);
      return writeSync(fd, new Uint8Array(bytes)) === bytes;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return saysFull(error) ? false : null;
  }
}

/** What SQLite says of its own files at `path`. A wal-index that finds no room is an I/O error to it, and so is a quota. */
export function fileError(error: unknown, path: string | null): PacelineError {
  const failure = sqlError(error);
  const full = failure.code === 'IO' && path !== null && hasRoom(path, WAL_INDEX_BYTES) === false;
  return full ? diskFull(error) : failure;
}

/**
 * What a caller's statement did wrong. SQLITE_FULL is also what SQLite says of an AUTOINCREMENT table that has given its last rowid: the
 * statement's fault, which waiting does not mend, and no reason for a leader to hand over. What a statement writes on its
 * way is a frame at a time, and one that failed for want of room has taken what was left: where another one fits, it was not the
 * disk.
 */
export function statementError(
  error: unknown,
  connection: Connection,
  pageSize: () => number,
): PacelineError {
  const path = connection.location();
  const failure = fileError(error, path);
  if (sqlError(error).code !== 'DISK_FULL') return failure;
  if (path !== null && hasRoom(path, FRAME_HEADER_BYTES + pageSize()) !== true) return failure;
  const { sqlite, cause = error } = failure;
  const detail = sqlite === undefined ? {} : { sqlite };
  return new PacelineError('SQL', messageOf(cause), { ...detail, cause });
}
