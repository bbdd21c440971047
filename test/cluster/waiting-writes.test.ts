import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import type { WriteOptions } from '../../src/api/request.ts';
import { Local, leaderFirst } from '../member/fixture.ts';
import { freeAddresses } from './addresses.ts';
import { progress, startWithTable } from './steps.ts';
import { until } from './until.ts';
import { Workload } from './workload.ts';

const WRITES = 10_000;

/** What the writes of one handle ask for, in turn: they are kept in one order whatever it is. */
const DURABILITIES: readonly Pick<WriteOptions, 'durability'>[] = [
  {},
  { durability: 2 },
  {},
  { durability: 'local' },
  { durability: 'quorum' },
];

/** Ten thousand writes at once through one handle, whose results tell the order in which they were executed. */
async function floods(db: LocalDatabase): Promise<number[]> {
  const sql = 'INSERT INTO t(v) VALUES (?) RETURNING n';
  const all = Array.from({ length: WRITES }, (_, v) =>
    db.execute(sql, [v], { timeoutMs: 60_000, ...DURABILITIES[v % DURABILITIES.length] }),
  );
  return (await Promise.all(all)).map(({ rows }) => rows[0]![0] as number);
}

function assertInOrder(numbers: readonly number[]): void {
  assert.equal(numbers.length, WRITES);
  const wrong = numbers.findIndex((n, i) => i > 0 && n <= numbers[i - 1]!);
  assert.equal(wrong, -1, `write ${wrong} was executed before the one asked before it`);
}

test('ten thousand writes that wait through an election in each of two handles are all done, once, in the order of their handle', async (t) => {
  const local = new Local(t);
  const members = await freeAddresses(['a', 'b', 'c']);
  const open = (id: string) => local.open({ members, id, writeQueueMax: WRITES });
  const [leader, ...others] = await leaderFirst(await Promise.all(['a', 'b', 'c'].map(open)));
  await leader!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY AUTOINCREMENT, v)');
  // Two of three go, so that there is no leader until one comes back; it is a follower that waits, then whoever is elected.
  const [one, other] = others as [LocalDatabase, LocalDatabase];
  const { id } = await other.status();
  await other.close();
  await leader!.close();
  await until('there is no leader', async () => (await one.status()).leader === null);
  const flooded = floods(one);
  await assert.rejects(one.execute('INSERT INTO t(v) VALUES (0)'), { code: 'OVERLOADED' });
  const again = await open(id);
  const floodedToo = floods(again);
  for (const numbers of await Promise.all([flooded, floodedToo])) assertInOrder(numbers);
  const counted = 'SELECT count(*), count(DISTINCT v) FROM t';
  const { rows } = await again.query(counted, [], { level: 'strong' });
  assert.deepEqual(rows, [[2 * WRITES, WRITES]]);
});

test('a planned change of leader fails no write, keeps the order of each handle, and goes where it was told to', async (t) => {
  const local = new Local(t);
  const members = await local.openAll(['a', 'b', 'c'], { writeQueueMax: WRITES });
  const [leader] = members;
  await leader!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY AUTOINCREMENT, v)');
  const ids = await Promise.all(members.map(async (db) => (await db.status()).id));
  const flooded = members.map(floods);
  assert.equal(await leader!.transferLeadership(ids[2]), ids[2]);
  for (const numbers of await Promise.all(flooded)) assertInOrder(numbers);
  // Not by name: under such a load it may have changed once more.
  const [now, another] = await leaderFirst(members);
  const { id } = await now!.status();
  await assert.rejects(another!.transferLeadership(), { code: 'NOT_LEADER' });
  await assert.rejects(now!.transferLeadership(id), { code: 'REQUEST_INVALID' });
  await assert.rejects(now!.transferLeadership('nobody'), { code: 'REQUEST_INVALID' });
  const next = await now!.transferLeadership();
  assert.ok(next !== id && ids.includes(next));
  const { rows } = await now!.query('SELECT count(*) FROM t', [], { level: 'strong' });
  assert.deepEqual(rows, [[3 * WRITES]]);
});

test('under load through all members leadership is handed around, and no write fails', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  work.through(cluster.members);
  for (let round = 0; round < 6; round++) {
    await progress(work, 100);
    const leader = await cluster.leader();
    const to = cluster.others(leader)[round % 2]!;
    assert.equal(await leader.transferLeadership(to.id), to.id);
  }
  await progress(work, 100);
  await work.stop();
  assert.deepEqual(work.failures, []);
  await work.verify(await cluster.leader());
});

test('a write that is cancelled before it is sent never happens; one that was sent is unknown until it is asked about', async (t) => {
  const local = new Local(t);
  const [leader, one] = await local.openAll(['a', 'b', 'c']);
  await leader!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  const reason = new Error('enough');
  const isReason = (error: unknown) => error === reason;
  const tx = await leader!.transaction('write');
  const insert = (db: LocalDatabase, id: string, signal: AbortSignal) =>
    db.execute('INSERT INTO t(v) VALUES (?)', [id], { id, signal });
  await assert.rejects(insert(leader!, 'never', AbortSignal.abort(reason)), isReason);
  const [here, there] = [new AbortController(), new AbortController()];
  const queued = insert(leader!, 'queued', here.signal);
  const sent = insert(one!, 'sent', there.signal);
  here.abort(reason);
  await assert.rejects(queued, isReason);
  there.abort(reason);
  await assert.rejects(sent, { code: 'OUTCOME_UNKNOWN', requestId: 'sent' });
  await tx.commit();
  await until(
    'what was sent is known',
    async () => (await one!.outcome('sent')).state === 'committed',
  );
  assert.deepEqual(await one!.outcome('queued'), { state: 'unknown' });
  const { rows } = await leader!.query('SELECT v FROM t');
  assert.deepEqual(rows, [['sent']]);
});

test('a write that waits for its turn longer than its time was not done, and is said not to be', async (t) => {
  const local = new Local(t);
  const db = await local.open();
  await until('it leads', async () => (await db.status()).role === 'leader');
  await db.execute('CREATE TABLE t(v)');
  const tx = await db.transaction('write');
  const write = db.execute('INSERT INTO t VALUES (1)', [], { timeoutMs: 50 });
  await assert.rejects(write, { code: 'TIMED_OUT', category: 'retryable' });
  await tx.rollback();
  assert.deepEqual((await db.query('SELECT * FROM t')).rows, []);
});

test('more writes than may wait are refused at once, retryably, and those that wait are done', async (t) => {
  const local = new Local(t);
  const [leader, one] = await local.openAll(['a', 'b', 'c'], { writeQueueMax: 100 });
  await leader!.execute('CREATE TABLE t(v)');
  for (const db of [leader!, one!]) {
    const tx = await db.transaction('write');
    const writes = Array.from({ length: 150 }, (_, v) =>
      db.execute('INSERT INTO t VALUES (?)', [v]),
    );
    const settled = Promise.allSettled(writes);
    await tx.commit();
    const refused = (await settled).filter(({ status }) => status === 'rejected');
    assert.equal(refused.length, 50);
    for (const one of refused)
      assert.equal((one as PromiseRejectedResult).reason.code, 'OVERLOADED');
  }
});
