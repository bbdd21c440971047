import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receipt } from '../../src/api/request.ts';
import { PacelineError } from '../../src/index.ts';
import { converge } from './fixture.ts';
import { progress, startWithTable } from './steps.ts';
import { Workload } from './workload.ts';

const NAMED = 'INSERT INTO w(key, v) VALUES (?, 1) RETURNING n, key';

test('writes in flight through followers when the leader is killed are all done, each once', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  for (let round = 0; round < 3; round++) {
    const leader = await cluster.leader();
    work.through(cluster.others(leader), 16);
    await progress(work, 300);
    await leader.kill();
    await progress(work, 300);
    await leader.start();
  }
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  // A member that was killed takes its own clients with it; all others got what they asked for.
  assert.deepEqual(work.failures, []);
});

/** All of an answer but what is about the call that it was given to. */
function answer<T extends Receipt>(given: T): Omit<T, 'reached' | 'elapsedMs'> {
  const { reached: _, elapsedMs: __, ...rest } = given;
  return rest;
}

test('a write repeated with its id, through any member and after a failover, gets the first answer and is done once', async (t) => {
  const cluster = await startWithTable(t, 3);
  const leader = await cluster.leader();
  const others = cluster.others(leader);
  const first = await others[0]!.execute(NAMED, ['one'], { id: 'id-1' });
  assert.deepEqual(first.rows, [[1, 'one']]);
  const batch = [{ sql: NAMED, args: ['two'] }, { sql: 'UPDATE w SET v = v + 1' }];
  const second = await leader.batch(batch, { id: 'id-2' });
  for (const member of cluster.members) {
    assert.deepEqual(answer(await member.execute(NAMED, ['one'], { id: 'id-1' })), answer(first));
    assert.deepEqual(answer(await member.batch(batch, { id: 'id-2' })), answer(second));
  }
  await leader.kill();
  for (const member of others) {
    assert.deepEqual(answer(await member.execute(NAMED, ['one'], { id: 'id-1' })), answer(first));
    assert.deepEqual(answer(await member.batch(batch, { id: 'id-2' })), answer(second));
  }
  const { rows } = await (await cluster.leader()).query('SELECT key, v FROM w ORDER BY n');
  assert.deepEqual(rows, [
    ['one', 2],
    ['two', 2],
  ]);
});

test('the same id given to all members at the same time is one write with one answer', async (t) => {
  const cluster = await startWithTable(t, 3);
  for (let i = 0; i < 20; i++) {
    const id = `at-once-${i}`;
    const writes = cluster.members.map((member) => member.execute(NAMED, [id], { id }));
    const [first, ...more] = await Promise.all(writes);
    for (const other of more) assert.deepEqual(answer(other), answer(first!));
  }
  await converge(cluster.members);
  const { rows } = await cluster.members[0]!.query('SELECT count(*), count(DISTINCT key) FROM w');
  assert.deepEqual(rows, [[20, 20]]);
});

test('without a majority a write ends with an error at its deadline, on leader and follower, and reads go on', async (t) => {
  const cluster = await startWithTable(t, 3);
  const leader = await cluster.leader();
  const [follower, other] = cluster.others(leader);
  await leader.execute("INSERT INTO w(key) VALUES ('before')");
  await converge(cluster.members);
  await other!.kill();
  await leader.kill();
  const alone = follower!.execute("INSERT INTO w(key) VALUES ('alone')", [], { timeoutMs: 1500 });
  await assert.rejects(alone, isNoAnswer);
  assert.deepEqual((await follower!.query('SELECT key FROM w')).rows, [['before']]);
  await leader.start();
  const second = await cluster.leader();
  await cluster
    .others(second)
    .find((member) => member.running)!
    .kill();
  const stuck = second.execute("INSERT INTO w(key) VALUES ('stuck')", [], { timeoutMs: 1500 });
  await assert.rejects(stuck, isNoAnswer);
});

function isNoAnswer(error: unknown): boolean {
  assert.ok(error instanceof PacelineError, String(error));
  assert.ok(['NO_LEADER', 'OUTCOME_UNKNOWN'].includes(error.code), error.code);
  return true;
}

test('a write that was refused for want of a leader never happens; one of unknown outcome can be asked again', async (t) => {
  const cluster = await startWithTable(t, 3);
  const leader = await cluster.leader();
  const others = cluster.others(leader);
  for (const other of others) await other.kill();
  const ask = (id: string, timeoutMs: number) =>
    leader.execute('INSERT INTO w(key) VALUES (?)', [id], { id, timeoutMs }).then(
      () => 'done',
      (error: PacelineError) => error.code,
    );
  const outcomes = new Map<string, string>();
  for (let i = 0; i < 30; i++) outcomes.set(`n${i}`, await ask(`n${i}`, 100));
  for (const other of others) await other.start();
  await cluster.leader();
  for (const [id, outcome] of outcomes) {
    assert.match(outcome, /^(NO_LEADER|OUTCOME_UNKNOWN)$/);
    if (outcome === 'OUTCOME_UNKNOWN') assert.equal(await ask(id, 15_000), 'done');
  }
  await converge(cluster.members);
  const { rows } = await leader.query('SELECT key FROM w');
  const expected = [...outcomes].filter(([, outcome]) => outcome === 'OUTCOME_UNKNOWN');
  assert.deepEqual(rows.flat().sort(), expected.map(([id]) => id).sort());
});
