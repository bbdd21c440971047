import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLOSES_AT_ONCE, DatabaseSync } from '../../src/sqlite/binding.ts';
import { closeConnections, foldWal, openConnections } from '../../src/sqlite/connections.ts';
import { DirectoryLock } from '../../src/sqlite/directory-lock.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { EngineFixture } from './fixture.ts';
import { foreignly } from './foreign.ts';
import { copyFiles } from './scan.ts';
import { scratch } from './scratch.ts';

test('a database that is gone says so', () => {
  assert.throws(() => openConnections(join(scratch('gone'), 'main.db')), {
    code: 'DATABASE_MISSING',
    category: 'fault',
    message: /main\.db is gone, its log is still there; it has to be copied from another/,
  });
});

const DAMAGED: readonly (readonly [name: string, bytes: () => Uint8Array])[] = [
  ['an empty file', () => new Uint8Array()],
  ['half a header', () => seedPage(4096).subarray(0, 50)],
  ['something else', () => new TextEncoder().encode('no database at all\n'.repeat(100))],
  ['zeros', () => new Uint8Array(8192)],
  [
    'an impossible page size',
    () => {
      const page = seedPage(4096);
      page[16] = 3;
      return page;
    },
  ],
  [
    'a rollback journal instead of a WAL',
    () => {
      const page = seedPage(4096);
      page[18] = 1;
      page[19] = 1;
      return page;
    },
  ],
  [
    'a first page without a tree',
    () => {
      const page = seedPage(4096);
      page[100] = 0x77;
      return page;
    },
  ],
];

for (const [name, bytes] of DAMAGED)
  test(`a damaged database is refused, and stays as it is: ${name}`, () => {
    const path = join(scratch('damaged'), 'main.db');
    writeFileSync(path, bytes());
    assert.throws(() => openConnections(path), {
      code: 'DATABASE_DAMAGED',
      category: 'fault',
      message: /main\.db.*copied from another member/,
    });
  });

// Elsewhere a connection stays open until it is collected, closed or not; and only Linux lists what is open.
if (CLOSES_AT_ONCE && process.platform === 'linux')
  test('a database that is refused when it is read is closed', () => {
    const path = join(scratch('refused'), 'main.db');
    const stranger = new DatabaseSync(path);
    stranger.exec('PRAGMA journal_mode=wal; CREATE TABLE t(a)');
    stranger.close();
    assert.throws(() => openConnections(path), /not the database of a member/);
    const open = readdirSync('/proc/self/fd').flatMap((fd) => {
      const link = `/proc/self/fd/${fd}`;
      return existsSync(link) ? [readlinkSync(link)] : [];
    });
    assert.deepEqual(
      open.filter((file) => file.startsWith(path)),
      [],
    );
  });

test('a database that was cut off is refused, or noticed when it is used', () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE t(a)', 'INSERT INTO t VALUES (zeroblob(50000))');
  leader.checkpoint();
  const path = copyFiles(leader.path);
  truncateSync(path, 4096);
  assert.throws(() => openConnections(path), { code: 'DATABASE_DAMAGED' });
});

test('folding brings everything into the main file, unless a foreign reader prevents it', () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE t(a)', 'INSERT INTO t VALUES (1)');
  leader.engine.stepDown();
  leader.all('BEGIN');
  leader.all('SELECT * FROM t');
  leader.connections.lock.release();
  assert.equal(foldWal(leader.connections), false);
  leader.all('COMMIT');
  assert.equal(foldWal(leader.connections), true);
  closeConnections(leader.connections);
  const alone = join(scratch('folded'), 'main.db');
  writeFileSync(alone, '');
  const copy = copyFiles(leader.path);
  assert.ok(existsSync(copy));
  assert.deepEqual(foreignly(copy, 'SELECT a FROM t', 'SELECT idx FROM _paceline'), [[[1]], [[2]]]);
});

test('one process at a time has a directory, however the other one ends', async () => {
  const dir = scratch('lock');
  const path = join(dir, 'lock');
  const program = `import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=0)
db.execute('PRAGMA locking_mode=EXCLUSIVE')
db.execute('BEGIN EXCLUSIVE')
print('locked', flush=True)
sys.stdin.read()`;
  const other = spawn('python3', ['-c', program, path]);
  await new Promise((resolve) => other.stdout.once('data', resolve));
  assert.throws(() => new DirectoryLock(path, dir), {
    code: 'DIRECTORY_IN_USE',
    message: new RegExp(`another member has ${dir} open`),
  });
  const gone = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await gone;
  const ours = new DirectoryLock(path, dir);
  assert.deepEqual(foreignly(path, 'BEGIN IMMEDIATE'), [{ error: 'database is locked' }]);
  ours.release();
  ours.release();
  assert.deepEqual(foreignly(path, 'BEGIN IMMEDIATE'), [[]]);
});
