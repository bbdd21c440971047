import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { dumpLog } from '../../src/log-store/dump.ts';
import { RECORD_HEADER_BYTES } from '../../src/log-store/record.ts';
import { RUINS, scribble, segmentsOf, writtenEnd } from './damage.ts';
import { databaseOf, stopAndCompare } from './files.ts';
import { type Cluster, converge, makeCluster, startCluster } from './fixture.ts';
import type { Member } from './member.ts';

const FILL = `INSERT INTO t(v) WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200)
  SELECT hex(randomblob(200)) FROM c`;
/** Touches every page of the table. */
const TOUCH = "UPDATE t SET v = v || '.'";

let cluster: Cluster;
let old: string;
const ending: (() => unknown)[] = [];

before(async () => {
  cluster = await startCluster({ after: (fn: () => unknown) => ending.push(fn) }, 3);
  old = join(cluster.base, 'old.db');
  await cluster.members[0]!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  await cluster.members[0]!.execute(FILL);
});

after(async () => {
  for (const end of ending) await end();
});

/** A copy of a follower's database from a clean stop; the cluster has gone on since. */
async function copyOfOld(follower: Member): Promise<void> {
  await converge(cluster.members);
  await follower.close();
  copyFileSync(databaseOf(follower.dir), old);
  await follower.start();
  await (await cluster.leader()).execute(FILL);
  await converge(cluster.members);
}

for (const [how, ruin] of Object.entries(RUINS)) {
  test(`a follower whose database file ${how} gets a right one by itself`, async () => {
    const [follower] = await cluster.followers();
    await copyOfOld(follower!);
    await follower!.close();
    ruin(databaseOf(follower!.dir), old);
    await follower!.start();
    await (await cluster.leader()).execute(TOUCH);
    await converge(cluster.members);
    const sums = cluster.members.map((m) => m.query('SELECT count(*), sum(length(v)) FROM t'));
    const [first, ...others] = await Promise.all(sums);
    for (const other of others) assert.deepEqual(other, first);
    const check = await follower!.query('PRAGMA integrity_check');
    assert.deepEqual(check.rows, [['ok']]);
  });
}

test('after all that the files of the members are the same', () => stopAndCompare(cluster));

for (const [how, ruin] of Object.entries(RUINS)) {
  if (/bytes in its pages|older copy/.test(how)) continue;
  test(`a member alone whose database file ${how} says so and does not start with less than it had`, async (t) => {
    const { member } = await single(t);
    ruin(databaseOf(member.dir), old);
    await assert.rejects(member.start(), (error: { code: string; message: string }) => {
      const codes = ['DATABASE_DAMAGED', 'DATABASE_MISSING', 'DATABASE_DIVERGED'];
      assert.ok(codes.includes(error.code), `${error.code}: ${error.message}`);
      return true;
    });
  });
}

async function single(t: Parameters<typeof makeCluster>[0], rows = 20) {
  const alone = await makeCluster(t, 1);
  const member = alone.members[0]!;
  await member.start();
  await alone.leader();
  await member.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < rows; i++)
    await member.execute('INSERT INTO t(v) VALUES (hex(randomblob(100)))');
  await member.close();
  return { alone, member };
}

test('a member alone with an older copy of its database takes the rest from its log', async (t) => {
  const { alone, member } = await single(t);
  const copy = join(alone.base, 'copy.db');
  copyFileSync(databaseOf(member.dir), copy);
  await member.start();
  await alone.leader();
  await member.execute("INSERT INTO t(v) VALUES ('later')");
  await member.close();
  copyFileSync(copy, databaseOf(member.dir));
  await member.start();
  await alone.leader();
  await converge([member]);
  const { rows } = await member.query("SELECT count(*), max(v = 'later') FROM t");
  assert.deepEqual(rows, [[21, 1]]);
});

test('a log that is damaged in the middle is refused with file and offset, and left as it is', async (t) => {
  const { member } = await single(t);
  const [segment] = segmentsOf(member.dir);
  scribble(segment!, Math.floor(writtenEnd(segment!) / 2), 16);
  const before = readFileSync(segment!);
  await assert.rejects(member.start(), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'LOG_DAMAGED');
    assert.ok(error.message.includes(segment!), error.message);
    assert.match(error.message, /\b\d{2,}\b/);
    return true;
  });
  assert.ok(readFileSync(segment!).equals(before));
});

test('a log whose last record is torn opens without it', async (t) => {
  const alone = await makeCluster(t, 1);
  const member = alone.members[0]!;
  await member.start();
  await alone.leader();
  await member.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 20; i++) await member.execute('INSERT INTO t(v) VALUES (randomblob(500))');
  await member.kill();
  const segment = segmentsOf(member.dir).at(-1)!;
  const end = writtenEnd(segment);
  truncateSync(segment, end - 20);
  await member.start();
  await alone.leader();
  const { rows } = await member.query('SELECT count(*) FROM t');
  assert.ok((rows[0]![0] as number) >= 19, `${rows}`);
  await member.execute('INSERT INTO t(v) VALUES (1)');
  assert.deepEqual((await member.query('PRAGMA integrity_check')).rows, [['ok']]);
});

test('damaged hard state is refused with file and offset', async (t) => {
  const { member } = await single(t);
  const [segment] = segmentsOf(member.dir);
  const vote = [...dumpLog(segment!)].find((line) => /^\d+ hard-state term [1-9]/.test(line));
  const offset = Number.parseInt(vote!, 10);
  scribble(segment!, offset + RECORD_HEADER_BYTES, 4);
  await assert.rejects(member.start(), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'HARD_STATE_DAMAGED');
    assert.ok(
      error.message.includes(segment!) && error.message.includes(`${offset}`),
      error.message,
    );
    return true;
  });
});

test('a damaged base of the log is refused, and names the file', async (t) => {
  const { member } = await single(t, 1);
  const base = join(member.dir, 'log', 'base');
  scribble(base, 16, 8);
  await assert.rejects(member.start(), (error: { code: string; message: string }) => {
    assert.equal(error.code, 'LOG_DAMAGED');
    assert.ok(error.message.includes(base), error.message);
    return true;
  });
});

test('a damaged identity file is an error that names it', async (t) => {
  const { member } = await single(t, 1);
  writeFileSync(join(member.dir, 'member.json'), '{"format":');
  await assert.rejects(member.start(), /member\.json/);
});

test('a follower with a damaged log does not start, and the others work', async (t) => {
  const three = await startCluster(t, 3);
  const leader = await three.leader();
  await leader.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 20; i++) await leader.execute('INSERT INTO t(v) VALUES (1)');
  await converge(three.members);
  const [follower] = three.others(leader);
  await follower!.close();
  const [segment] = segmentsOf(follower!.dir);
  scribble(segment!, Math.floor(writtenEnd(segment!) / 2), 16);
  await assert.rejects(follower!.start(), { code: 'LOG_DAMAGED' });
  await leader.execute('INSERT INTO t(v) VALUES (2)');
});

test('a follower whose log lost its end, acknowledged entries included, gets them from the same leader', async (t) => {
  const three = await startCluster(t, 3);
  const leader = await three.leader();
  await leader.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 5; i++) await leader.execute('INSERT INTO t(v) VALUES (1)');
  const { term } = await converge(three.members);
  const [follower] = three.others(leader);
  await follower!.kill();
  const segment = segmentsOf(follower!.dir).findLast((path) => entriesIn(path).length > 0)!;
  truncateSync(segment, entriesIn(segment).at(-3)!);
  await follower!.start();
  assert.equal((await converge(three.members)).term, term);
  await stopAndCompare(three);
});

/** Where the entries of a segment begin. */
function entriesIn(segment: string): number[] {
  const lines = [...dumpLog(segment)].filter((line) => /^\d+ entry/.test(line));
  return lines.map((line) => Number.parseInt(line, 10));
}
