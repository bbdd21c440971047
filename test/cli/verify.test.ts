import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStoredDatabase } from '../../src/cli/stored-database.ts';
import { readTableRows } from '../../src/cli/table-rows.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { DirectoryLock } from '../../src/sqlite/directory-lock.ts';
import { makeMemberDirectory } from './member-directory.ts';
import { runCli } from './run-cli.ts';

/** The checksum by definition, over a file that has no WAL. */
function checksumOf(path: string, pageSize: number): string {
  const bytes = readFileSync(path);
  const sum = new DatabaseChecksum();
  for (let at = 0; at < bytes.length; at += pageSize) {
    const page = bytes.subarray(at, at + pageSize);
    sum.replace(null, new PageHasher().hash(at / pageSize + 1, page));
  }
  return sum.toHex();
}

/** The database that SQLite itself makes of a copy of the files. */
function foldedCopy(dir: string): string {
  const path = join(dir, 'copy.db');
  for (const suffix of ['', '-wal'])
    writeFileSync(path + suffix, readFileSync(join(dir, 'db', `main.db${suffix}`)));
  const connection = new DatabaseSync(path);
  connection.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  connection.close();
  return path;
}

function filesOf(dir: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(dir, 'db')).sort())
    hash.update(name).update(readFileSync(join(dir, 'db', name)));
  return hash.digest('hex');
}

function damage(dir: string, pgno: number, pageSize = 4096): void {
  const fd = openSync(join(dir, 'db', 'main.db'), 'r+');
  writeSync(fd, Buffer.from('rot'), 0, 3, pgno * pageSize - 100);
  closeSync(fd);
}

test('position and checksum are those of the pages as SQLite sees them, WAL included', async () => {
  const dir = makeMemberDirectory({ wal: true, sql: "INSERT INTO t1 VALUES(5, 'in the WAL')" });
  const before = filesOf(dir);
  const { code, stdout } = await runCli(['verify', dir, '--json']);
  assert.equal(code, 0);
  const [report] = JSON.parse(stdout).databases;
  assert.deepEqual(report.position, { term: 3, index: 17 });
  assert.equal(report.checksum, checksumOf(foldedCopy(dir), 4096));
  assert.equal(filesOf(dir), before, 'nothing was changed');
});

test('a copy in the WAL and one in the main file are identical', async () => {
  const [one, other] = [makeMemberDirectory({ wal: true }), makeMemberDirectory()];
  const folded = foldedCopy(one);
  writeFileSync(join(other, 'db', 'main.db'), readFileSync(folded));
  const { code, stdout } = await runCli(['verify', one, other]);
  assert.match(stdout, /identical/);
  assert.equal(code, 0);
});

test('damage at the same position is found, page by page', async () => {
  const [one, other] = [makeMemberDirectory(), makeMemberDirectory()];
  assert.equal((await runCli(['verify', one, other])).code, 0);
  damage(other, 5);
  damage(other, 8);
  const { code, stdout } = await runCli(['verify', one, other]);
  assert.equal(code, 6);
  assert.match(stdout, /DIFFERENT at the same position.*2 pages differ: 5, 8$/m);
});

test('different positions are said to be so, and who is behind', async () => {
  const one = makeMemberDirectory({ position: [3, 18] });
  const other = makeMemberDirectory({ position: [3, 17] });
  const { code, stdout } = await runCli(['verify', one, other]);
  assert.equal(code, 6);
  assert.ok(stdout.includes(`positions differ, ${other} is behind`), stdout);
});

test('the directory of a running member is refused, that of a stopped one is not', async () => {
  const dir = makeMemberDirectory();
  const lock = new DirectoryLock(join(dir, 'lock.db'), dir); // held by this process
  const running = await runCli(['verify', dir]);
  assert.equal(running.code, 3);
  assert.match(running.stderr, /DIRECTORY_IN_USE/);
  lock.release();
  assert.equal((await runCli(['verify', dir])).code, 0);
});

test('what is no database is refused with a hint', async () => {
  const dir = makeMemberDirectory();
  const path = join(dir, 'db', 'main.db');
  writeFileSync(path, 'not a database');
  const broken = await runCli(['verify', dir]);
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /DATABASE_DAMAGED.*does not begin like/);
  const missing = await runCli(['verify', join(dir, 'nowhere')]);
  assert.equal(missing.code, 2);
  assert.match(missing.stderr, /there is no .*main\.db/);
});

test('the schema is read from every page size and encoding', () => {
  const sizes = [512, 1024, 65536].map((size) => `PRAGMA page_size = ${size}`);
  for (const pragmas of [
    ...sizes,
    "PRAGMA encoding = 'UTF-16le'",
    "PRAGMA encoding = 'UTF-16be'",
  ]) {
    const dir = makeMemberDirectory({ pragmas, wal: true });
    const database = openStoredDatabase(join(dir, 'db', 'main.db'));
    const names = [...readTableRows(database, 1)].map(([, name]) => name);
    assert.equal(names.length, 61, pragmas);
    assert.ok(names.includes('_paceline') && names.includes('t59'), pragmas);
    database.close();
  }
});

test('rows come out as SQLite reads them', () => {
  const sql = `INSERT INTO t3 VALUES(1, -1), (2, 127), (3, 32768), (4, -8388608), (5, 2147483648),
    (6, 0), (7, 1), (8, 'text'), (9, NULL), (10, 4503599627370496)`;
  const dir = makeMemberDirectory({ sql });
  const database = openStoredDatabase(join(dir, 'db', 'main.db'));
  const [schema] = [...readTableRows(database, 1)].filter(([, name]) => name === 't3');
  const values = [...readTableRows(database, schema?.[3] as number)].map((row) => row[1]);
  database.close();
  const expected = [-1, 127, 32768, -8388608, 2147483648, 0, 1, 'text', null, 4503599627370496];
  assert.deepEqual(values, expected);
});
