import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Durability } from '../../src/api/durability.ts';
import type { Scope } from './fixture.ts';
import { type Cluster, converge, startCluster } from './fixture.ts';
import type { Member } from './member.ts';
import { until } from './until.ts';

const INSERT = 'INSERT INTO t(v) VALUES (?)';

async function start(t: Scope, members = 3): Promise<[Cluster, Member, Member[]]> {
  const cluster = await startCluster(t, members, { electionTimeoutMs: 4_000, heartbeatMs: 100 });
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, v)');
  await converge(cluster.members);
  return [cluster, leader, cluster.others(leader)];
}

const write = (member: Member, durability: Durability, timeoutMs = 15_000) =>
  member.execute(INSERT, [String(durability)], { durability, timeoutMs });

test('with all members up, each level is reached, and the receipt names members that have the write on disk', async (t) => {
  const [cluster, leader, [one, other]] = await start(t);
  for (const through of cluster.members) {
    const atLeast: [Durability, string[]][] = [
      ['local', [leader.id]],
      ['quorum', []],
      ['all', [leader.id, one!.id, other!.id]],
      [1, [leader.id]],
      [3, [leader.id, one!.id, other!.id]],
      [[other!.id], [leader.id, other!.id]],
    ];
    for (const [durability, wanted] of atLeast) {
      const { reached, id, elapsedMs } = await write(through, durability);
      for (const member of wanted) assert.ok(reached.members!.includes(member), `${durability}`);
      assert.ok(id !== null && elapsedMs > 0);
      if (durability === 'quorum') assert.ok(reached.members!.length >= 2);
      if (durability !== 'local' && durability !== 1) assert.ok(reached.committed);
    }
  }
  const plain = await leader.execute(INSERT, ['plain']);
  assert.deepEqual([plain.id, plain.reached], [null, { committed: true, members: null }]);
});

test('a level that a stopped member keeps from being reached is never said to be: the outcome is unknown, and can be asked later', async (t) => {
  const [, leader, [one, other]] = await start(t);
  other!.pause();
  for (const through of [leader, one!]) {
    assert.ok((await write(through, 'quorum')).reached.committed);
    const two = await write(through, [one!.id]);
    assert.ok(!two.reached.members!.includes(other!.id));
    for (const durability of ['all', 3, [other!.id]] as const) {
      const failed = await write(through, durability, 500).then(
        () => assert.fail(`${durability} was said to be reached`),
        (error) => error as { code: string; category: string; requestId: string },
      );
      assert.deepEqual([failed.code, failed.category], ['OUTCOME_UNKNOWN', 'unknown-outcome']);
      const outcome = await through.outcome(failed.requestId);
      assert.equal(outcome.state, 'committed', 'on a majority it is');
    }
  }
  const waiting = write(one!, 'all', 30_000);
  other!.resume();
  assert.equal((await waiting).reached.members!.length, 3);
});

test('without a majority a local write is acknowledged, counted as one that may be lost, and not read before it is committed', async (t) => {
  const [cluster, leader, others] = await start(t);
  const before = await leader.status();
  assert.equal(before.acknowledgedAtRisk, 0);
  assert.equal((await others[0]!.status()).acknowledgedAtRisk, null);
  for (const other of others) other.pause();
  for (let i = 0; i < 3; i++) {
    const { reached } = await write(leader, 'local');
    assert.deepEqual(reached, { committed: false, members: [leader.id] });
  }
  assert.equal((await leader.status()).acknowledgedAtRisk, 3);
  await assert.rejects(write(leader, 'quorum', 300), { category: 'unknown-outcome' });
  const seen = await leader.query('SELECT count(*) FROM t', [], { timeoutMs: 200 }).then(
    ({ rows }) => rows[0]![0],
    () => 0,
  );
  assert.equal(seen, 0, 'nothing uncommitted is read (I5)');
  for (const other of others) other.resume();
  const now = await cluster.leader();
  await until('nothing is at risk', async () => (await now.status()).acknowledgedAtRisk === 0);
});

test('names, counts and words that this cluster does not know are refused', async (t) => {
  const [, leader] = await start(t);
  for (const durability of ['most', 0, 4, 1.5, [], ['nobody'], null])
    await assert.rejects(write(leader, durability as never), { code: 'REQUEST_INVALID' });
});
