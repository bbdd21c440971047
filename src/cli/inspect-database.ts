import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Position } from '../api/request.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import { openStoredDatabase, type StoredDatabase } from './stored-database.ts';
import { readTableRows } from './table-rows.ts';

/** Where a member keeps its database and, while it runs, its lock, inside its directory. */
const DATABASE = join('db', 'main.db');
const LOCK = 'lock';

/** What `verify` says about one member's database. */
export interface DatabaseReport {
  readonly dir: string;
  readonly position: Position;
  readonly checksum: string;
  readonly pages: number;
  readonly pageSize: number;
}

/** Opens the database of a stopped member. Throws DIRECTORY_IN_USE while it runs. */
export function openStoppedMember(dir: string): StoredDatabase {
  refuseRunning(dir);
  const path = join(dir, DATABASE);
  if (!existsSync(path)) {
    const hint = "give the member's --dir";
    throw new PacelineError('OPTIONS_INVALID', `there is no ${path}; ${hint}`);
  }
  return openStoredDatabase(path);
}

function refuseRunning(dir: string): void {
  const lock = join(dir, LOCK);
  const pid = existsSync(lock) ? lockingPid(lock) : null;
  if (pid === null || !isAlive(pid)) return;
  const message = `${dir} is in use by process ${pid}; stop that member first`;
  throw new PacelineError('DIRECTORY_IN_USE', message);
}

function lockingPid(lock: string): number {
  try {
    const { pid } = JSON.parse(readFileSync(lock, 'utf8')) as { pid?: unknown };
    if (typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 0) return pid;
  } catch (cause) {
    throw new PacelineError('DIRECTORY_IN_USE', unreadableLock(lock, messageOf(cause)), { cause });
  }
  throw new PacelineError('DIRECTORY_IN_USE', unreadableLock(lock, 'it names no process'));
}

function unreadableLock(lock: string, why: string): string {
  return `cannot read ${lock} (${why}); make sure that the member is stopped, then remove it`;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0); // signal 0 only asks
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'; // another user's
  }
}

/** Reads every page once. */
export function inspectDatabase(dir: string, database: StoredDatabase): DatabaseReport {
  const { pages, pageSize } = database;
  const hasher = new PageHasher();
  const checksum = new DatabaseChecksum();
  const unused = lockBytePage(pageSize);
  for (let pgno = 1; pgno <= pages; pgno++)
    if (pgno !== unused) checksum.replace(null, hasher.hash(pgno, database.read(pgno)));
  return { dir, position: readPosition(database), checksum: checksum.toHex(), pages, pageSize };
}

/** The row of `_paceline`; (0, 0) in a database that no cluster has written to. */
function readPosition(database: StoredDatabase): Position {
  if (database.pages === 0) return { term: 0, index: 0 };
  for (const [type, name, , root] of readTableRows(database, 1)) {
    if (type !== 'table' || name !== '_paceline' || typeof root !== 'number') continue;
    for (const [, , , term, index] of readTableRows(database, root))
      if (typeof term === 'number' && typeof index === 'number') return { term, index };
  }
  return { term: 0, index: 0 };
}
