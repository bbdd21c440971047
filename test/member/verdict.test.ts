import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { sqliteHome } from '../../src/member/database-home.ts';
import { Verdict } from '../../src/member/verdict.ts';
import { ORIGIN } from '../../src/raft/entry.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { until } from '../cluster/until.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

const MEMBERS = { a: '127.0.0.1:1', b: '127.0.0.1:2' };

async function logOf(t: TestContext, ...rows: number[]) {
  const leader = await (await new SqlThreadFixture(t).begin()).lead(1);
  for (const row of rows) await leader.answers(leader.write(`INSERT INTO t(v) VALUES (${row})`));
  return leader.log;
}

/** A follower that finds its database to be another one than its entries are about. */
async function diverged(t: TestContext) {
  const log = await logOf(t, 1);
  const other = await logOf(t, 2, 3);
  const follower = await new SqlThreadFixture(t, { members: MEMBERS }).begin();
  follower.apply(...log);
  await until('its entries', () => follower.allToLoop('applied').at(-1)?.position.index === 3);
  follower.apply(other[3]!);
  await follower.fromSql('unusable');
  return follower;
}

/** What the member begins with: its database, or none. */
async function restart(t: TestContext, { dir }: SqlThreadFixture) {
  const thread = new SqlThreadFixture(t, { members: MEMBERS }, dir);
  const found = () => thread.toLoop.find(({ type }) => type === 'opened' || type === 'unusable');
  const { type } = await until('what it found', found);
  return { thread, type };
}

test('a database that was found unusable is not used after a restart, wherever its replacement was interrupted', async (t) => {
  const follower = await diverged(t);
  await follower.close();
  const first = await restart(t, follower);
  assert.equal(first.type, 'unusable');
  await first.thread.close();
  // The old files are gone, and the new one is not there yet.
  for (const suffix of ['', '-wal', '-shm']) rmSync(follower.path + suffix, { force: true });
  const second = await restart(t, follower);
  assert.equal(second.type, 'unusable');
  await second.thread.close();
  // The new one is there, and the note of the old one, too: that is one fetch too many.
  writeFileSync(follower.path, seedPage(4096));
  const third = await restart(t, follower);
  assert.equal(third.type, 'unusable');
});

test('once another database is in its place it is used, also after a restart', async (t) => {
  const thread = await diverged(t);
  const file = join(thread.dir, 'incoming.db');
  writeFileSync(file, seedPage(4096));
  const checksum = new PageHasher().hash(1, seedPage(4096)).take();
  thread.order({ type: 'install', file, id: ORIGIN, checksum });
  thread.readersClosed();
  await thread.fromSql('installed');
  await thread.close();
  assert.equal((await restart(t, thread)).type, 'opened');
});

test('the note counts where there was no room for its reason', async (t) => {
  const follower = await diverged(t);
  await follower.close();
  const mark = `${follower.path}-unusable`;
  assert.match(readFileSync(mark, 'utf8'), /\S/);
  writeFileSync(mark, '');
  assert.equal((await restart(t, follower)).type, 'unusable');
});

test('what cannot be noted is said once, and tried again', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-verdict-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const home = sqliteHome(join(dir, 'main.db'), join(dir, 'lost'));
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  const verdict = new Verdict({ home, options: { members: MEMBERS }, warn });
  rmSync(dir, { recursive: true });
  verdict.pass(new PacelineError('FOREIGN_WRITE', 'somebody wrote'));
  verdict.tryAgain();
  assert.equal(warnings.length, 1);
  assert.match(warnings[0]!, /cannot write .*main\.db-unusable/);
  verdict.check();
  mkdirSync(dir);
  verdict.tryAgain();
  assert.throws(() => verdict.check(), /somebody wrote/);
});

test('of a database that is gone, and of a member alone, nothing is noted', (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-verdict-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const home = sqliteHome(join(dir, 'main.db'), join(dir, 'lost'));
  const warn = (message: string) => assert.fail(message);
  const of = (members: Record<string, string>) => new Verdict({ home, options: { members }, warn });
  of(MEMBERS).pass(new PacelineError('DATABASE_MISSING', 'gone'));
  of({ a: MEMBERS.a }).pass(new PacelineError('FOREIGN_WRITE', 'somebody wrote'));
  assert.equal(existsSync(`${join(dir, 'main.db')}-unusable`), false);
});
