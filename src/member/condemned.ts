import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { saysFull } from '../base/errors.ts';
import { writeError } from '../sqlite/database-files.ts';

/*
 * A file beside the database, which says that it must not be used any more: it was found to hold what no log has, and another one is
 * to take its place. Who starts again would not find that out a second time: its position is right, and nobody reads all its pages.
 */

function markOf(database: string): string {
  return `${database}-unusable`;
}

/** Durable when it returns. Throws DISK_FULL, IO. */
export function condemn(database: string, why: string): void {
  const mark = markOf(database);
  try {
    const fd = openSync(mark, 'w');
    try {
      writeReason(fd, why);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    syncDirectory(dirname(mark));
  } catch (error) {
    throw writeError(error, mark);
  }
}

/** The file says it by being there, which needs no room on most file systems; the reason is for people. */
function writeReason(fd: number, why: string): void {
  try {
    writeSync(fd, `${why}\n`);
  } catch (error) {
    if (!saysFull(error)) throw error;
  }
}

/** Why the database must not be used; null if it may. */
export function condemnedFor(database: string): string | null {
  const mark = markOf(database);
  if (!existsSync(mark)) return null;
  const why = readFileSync(mark, 'utf8').trim();
  return `${why === '' ? 'it was found to be unusable' : why} (noted in ${mark})`;
}

/** Another database is in its place: first that lasts, and then the mark goes. */
export function acquit(database: string): void {
  syncDirectory(dirname(database));
  rmSync(markOf(database), { force: true });
}

function syncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
