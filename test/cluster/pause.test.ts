import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stopAndCompare } from './files.ts';
import { converge, startCluster } from './fixture.ts';
import { progress, startWithTable } from './steps.ts';
import { until } from './until.ts';
import { Workload } from './workload.ts';

test('a leader that stands still is replaced; when it goes on it follows, and has the same as all', async (t) => {
  const cluster = await startWithTable(t, 3, { electionTimeoutMs: 500, heartbeatMs: 50 });
  const work = new Workload();
  const paused = await cluster.leader();
  work.through(cluster.members);
  await progress(work, 200);
  paused.pause();
  const successor = await cluster.leader(cluster.others(paused));
  await progress(work, 200);
  paused.resume();
  await until('the old leader follows the new one', async () => {
    const { role, leader } = await paused.status();
    return role === 'follower' && leader === (await successor.status()).leader;
  });
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  assert.deepEqual(work.failures, []);
  await stopAndCompare(cluster);
});

test('what a leader executed and could not commit is rolled back there, and done once by its successor', async (t) => {
  const cluster = await startWithTable(t, 3);
  const old = await cluster.leader();
  const others = cluster.others(old);
  await converge(cluster.members);
  for (const other of others) await other.kill();
  const pending = ['x', 'y', 'z'].map((key) =>
    old.execute('INSERT INTO w(key) VALUES (?)', [key], { timeoutMs: 30_000 }),
  );
  await until('entries that are not committed', async () => {
    const { lastIndex, commitIndex } = await old.status();
    return lastIndex > commitIndex;
  });
  old.pause();
  for (const other of others) await other.start();
  const successor = await cluster.leader(others);
  const { position } = await successor.execute("INSERT INTO w(key) VALUES ('new')");
  old.resume();
  const receipts = await Promise.all(pending);
  for (const receipt of receipts)
    assert.ok(receipt.position.term >= position.term, 'of the successor');
  await converge(cluster.members);
  for (const member of cluster.members) {
    const { rows } = await member.query('SELECT key FROM w ORDER BY key');
    assert.deepEqual(rows.flat(), ['new', 'x', 'y', 'z']);
  }
  await stopAndCompare(cluster);
});

test('a statement that runs for seconds on the leader costs no election', async (t) => {
  const cluster = await startCluster(t, 3, { electionTimeoutMs: 500, heartbeatMs: 50 });
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE slow(n)');
  const { term } = await leader.status();
  const sql = `INSERT INTO slow WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?)
    SELECT count(*) FROM c`;
  // Counted until it takes several election timeouts on this machine, whatever its speed.
  let rows = 1_000_000;
  for (let ms = 0; ms < 3_000; rows *= 3) {
    const before = performance.now();
    await cluster.others(leader)[0]!.execute(sql, [rows], { timeoutMs: 120_000 });
    ms = performance.now() - before;
  }
  for (const member of cluster.members) {
    const status = await member.status();
    assert.deepEqual([status.term, status.leader], [term, leader.id]);
  }
});
