import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '../../src/sqlite/binding.ts';

const made: string[] = [];
process.once('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true });
});

export interface DirectoryOptions {
  /** SQL after the common content. */
  readonly sql?: string;
  readonly position?: readonly [term: number, index: number];
  /** Leave the last writes in the WAL, as after a kill. */
  readonly wal?: boolean;
  readonly pragmas?: string;
}

/** A directory as a stopped member leaves it, made with SQLite itself. */
export function makeMemberDirectory(options: DirectoryOptions = {}): string {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-member-'));
  made.push(dir);
  const live = join(dir, 'live');
  mkdirSync(live);
  mkdirSync(join(dir, 'db'));
  const path = join(live, 'main.db');
  const connection = new DatabaseSync(path);
  connection.exec(
    `${options.pragmas ?? ''}; PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0`,
  );
  connection.exec(commonContent());
  if (options.wal !== true) connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  const [term, index] = options.position ?? [3, 17];
  connection.exec(options.sql ?? '');
  connection.exec(`UPDATE _paceline SET term = ${term}, idx = ${index}`);
  if (options.wal !== true) connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  for (const suffix of ['', '-wal'])
    if (existsSync(path + suffix)) copyFileSync(path + suffix, join(dir, 'db', `main.db${suffix}`));
  connection.close();
  return dir;
}

/** Enough tables that the schema's tree has inner pages, with the position's row somewhere among them. */
function commonContent(): string {
  const tables = Array.from(
    { length: 60 },
    (_, i) =>
      `CREATE TABLE t${i}(id INTEGER PRIMARY KEY, ${'a_long_name_for_a_column '.repeat(6)});`,
  );
  tables.splice(
    30,
    0,
    `CREATE TABLE _paceline(id INTEGER PRIMARY KEY CHECK(id=1), cluster TEXT, format INT, term INT, idx INT);
     INSERT INTO _paceline VALUES(1, 'test', 1, 0, 0);`,
  );
  return `BEGIN; ${tables.join('\n')} INSERT INTO t0 VALUES(1, zeroblob(20000)); COMMIT;`;
}
