import assert from 'node:assert/strict';
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Foreign } from '../sqlite/foreign.ts';
import { databaseOf, stopAndCompare } from './files.ts';
import { type Cluster, converge } from './fixture.ts';
import type { Member } from './member.ts';
import { progress, startWithTable } from './steps.ts';
import { until } from './until.ts';
import { Workload } from './workload.ts';

type Role = 'leader' | 'follower';

/** Codes that say that nothing was done and that the same may be tried again. */
const RETRYABLE = new Set(['DATABASE_BUSY', 'NO_LEADER', 'NOT_READY']);

/** A cluster under load through all members, and one of them, with another program at its database. */
async function startUnderLoad(t: TestContext, role: Role) {
  const cluster = await startWithTable(t, 3);
  const leader = await cluster.leader();
  const member = role === 'leader' ? leader : cluster.others(leader)[0]!;
  const work = new Workload();
  work.through(cluster.members, 2);
  await progress(work, 50);
  const foreign = await Foreign.open(databaseOf(member.dir));
  t.after(() => foreign.end());
  return { cluster, member, work, foreign };
}

/** Ends the load; nothing acknowledged is missing anywhere, and the files of all are the same. */
async function finish(cluster: Cluster, work: Workload): Promise<void> {
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  await stopAndCompare(cluster);
}

/** What it said, in the log and in its status, when it found the database locked. */
async function saysThatItIsLocked(member: Member): Promise<void> {
  const problem = await until('its status tells', async () => (await member.status()).problem);
  assert.equal(problem.code, 'DATABASE_BUSY');
  assert.match(problem.message, /another process holds a lock .* end its transaction/);
  const said = member.logs.filter(({ message }) => message === problem.message);
  assert.equal(said.length, 1, 'said once, not with every try');
}

for (const how of ['IMMEDIATE', 'EXCLUSIVE'])
  test(`a follower whose database another process has in BEGIN ${how} says so, the others go on, and it catches up by itself`, async (t) => {
    const { cluster, member, work, foreign } = await startUnderLoad(t, 'follower');
    assert.deepEqual(await foreign.seize(`BEGIN ${how}`), []);
    await saysThatItIsLocked(member);
    const { position } = await member.status();
    await progress(work, 100);
    assert.deepEqual(work.failures, [], 'writers feel nothing of it');
    const read = await member.query('SELECT count(*) > 0 FROM w', [], { level: 'eventual' });
    assert.deepEqual(read.rows, [[1]], 'it can be read meanwhile');
    const { position: later } = await member.status();
    assert.ok(later.index - position.index <= 1, 'nothing is written beside the foreign lock');
    await foreign.run('ROLLBACK');
    await until('it is over', async () => (await member.status()).problem === null);
    await finish(cluster, work);
  });

for (const how of ['IMMEDIATE', 'EXCLUSIVE'])
  test(`a leader whose database another process has in BEGIN ${how} says so and hands over, and what was acknowledged is there`, async (t) => {
    const { cluster, member, work, foreign } = await startUnderLoad(t, 'leader');
    assert.deepEqual(await foreign.seize(`BEGIN ${how}`), []);
    await saysThatItIsLocked(member);
    const next = await cluster.leader(cluster.others(member));
    assert.notEqual(next, member);
    await progress(work, 100);
    assert.ok(
      work.failures.every((code) => RETRYABLE.has(code)),
      `${work.failures}`,
    );
    await foreign.run('ROLLBACK');
    await finish(cluster, work);
  });

/** Another process writes to its database, which it notices and tells of. */
async function writtenTo(member: Member, foreign: Foreign, table: string): Promise<void> {
  const wrote = await foreign.seize(`INSERT INTO ${table} VALUES ('foreign')`);
  assert.deepEqual(wrote, []);
  const said = () =>
    member.logs.some(({ message }) =>
      /fetched from another member: another process wrote to .*find that process/.test(message),
    );
  await until('the member says so', said);
}

async function assertNowhere(cluster: Cluster, where: string): Promise<void> {
  await converge(cluster.members);
  for (const each of cluster.members) {
    const { rows } = await each.query(`SELECT count(*) FROM ${where} = 'foreign'`);
    assert.deepEqual(rows, [[0]], each.id);
  }
}

test('a foreign process that writes to the database of a leader is told of, and what it wrote is nowhere in the end', async (t) => {
  const { cluster, member, work, foreign } = await startUnderLoad(t, 'leader');
  await writtenTo(member, foreign, 'w(key)');
  await progress(work, 100);
  assert.ok(
    work.failures.every((code) => RETRYABLE.has(code)),
    `${work.failures}`,
  );
  await work.stop();
  await assertNowhere(cluster, 'w WHERE key');
  await finish(cluster, work);
});

test('what a foreign process wrote to a follower is nowhere in the end, also if that is killed before it has another database', async (t) => {
  const { cluster, member, work, foreign } = await startUnderLoad(t, 'follower');
  // Pages that no later entry is about: those would show it.
  await member.execute('CREATE TABLE quiet(v)');
  await member.query('SELECT v FROM quiet', [], { level: 'strong' });
  // Nothing can be received while a directory is in the place of the file.
  const incoming = join(member.dir, 'incoming.db');
  mkdirSync(incoming);
  await writtenTo(member, foreign, 'quiet(v)');
  await work.stop();
  await member.kill();
  rmdirSync(incoming);
  await member.start();
  await assertNowhere(cluster, 'quiet WHERE v');
  await finish(cluster, work);
});

test('a follower that has nothing to do keeps foreign writers out, also after a restart', async (t) => {
  const cluster = await startWithTable(t, 3);
  await converge(cluster.members);
  const [follower] = await cluster.followers();
  await follower!.close();
  await follower!.start();
  await converge(cluster.members);
  const foreign = await Foreign.open(databaseOf(follower!.dir));
  t.after(() => foreign.end());
  assert.deepEqual(await foreign.run('DELETE FROM w'), { error: 'database is locked' });
});

test('a member that finds its database in the sole use of another process waits, then says so, and starts when it is free', async (t) => {
  const cluster = await startWithTable(t, 3);
  await converge(cluster.members);
  const [follower] = await cluster.followers();
  await follower!.close();
  const foreign = await Foreign.open(databaseOf(follower!.dir));
  t.after(() => foreign.end());
  await foreign.run('PRAGMA locking_mode=EXCLUSIVE');
  await foreign.run('BEGIN IMMEDIATE');
  await assert.rejects(follower!.start(), {
    code: 'DATABASE_BUSY',
    category: 'retryable',
    message: /another process holds a lock .* end its transaction/,
  });
  const late = follower!.start();
  const logged = () => follower!.logs.some(({ message }) => /holds a lock/.test(message));
  await until('it waits', logged);
  await foreign.end();
  await late;
  await (await cluster.leader()).execute("INSERT INTO w(key) VALUES ('later')");
  await converge(cluster.members);
  await stopAndCompare(cluster);
});
