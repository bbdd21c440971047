import { existsSync } from 'node:fs';
import type { Position } from '../api/request.ts';
import { PacelineError } from '../base/errors.ts';
import { layoutOf } from '../member/directory.ts';
import { DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import { DirectoryLock } from '../sqlite/directory-lock.ts';
import { openStoredDatabase, type StoredDatabase } from './stored-database.ts';
import { readTableRows } from './table-rows.ts';

/** What `verify` says about one member's database. */
export interface DatabaseReport {
  readonly dir: string;
  readonly position: Position;
  readonly checksum: string;
  readonly pages: number;
  readonly pageSize: number;
}

/**
 * Opens the database of a stopped member, and keeps the member from starting until it is closed.
 * Throws DIRECTORY_IN_USE while it runs.
 */
export function openStoppedMember(dir: string): StoredDatabase {
  const layout = layoutOf(dir);
  if (!existsSync(layout.database)) {
    const hint = "give the member's --dir";
    throw new PacelineError('OPTIONS_INVALID', `there is no ${layout.database}; ${hint}`);
  }
  const lock = existsSync(layout.lock) ? new DirectoryLock(layout.lock, dir) : null;
  try {
    const database = openStoredDatabase(layout.database);
    const close = () => {
      database.close();
      lock?.release();
    };
    return { ...database, close };
  } catch (error) {
    lock?.release();
    throw error;
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
