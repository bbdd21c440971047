import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/** An empty main file in WAL mode as another SQLite leaves it: with free pages, and perhaps with auto_vacuum. */
export function fileWith(pageSize: number, autoVacuum: 'NONE' | 'FULL' | 'INCREMENTAL'): Buffer {
  const path = join(scratch('file'), 'main.db');
  const program = `
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute('PRAGMA page_size = ${pageSize}')
db.execute('PRAGMA auto_vacuum = ${autoVacuum}')
db.execute('PRAGMA journal_mode = WAL')
db.execute('CREATE TABLE made_elsewhere(a)')
db.execute('INSERT INTO made_elsewhere VALUES (zeroblob(50000))')
db.execute('DROP TABLE made_elsewhere')
db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
db.close()`;
  execFileSync('python3', ['-c', program, path]);
  return readFileSync(path);
}
