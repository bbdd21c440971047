import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stopAndCompare } from './files.ts';
import { type Cluster, converge } from './fixture.ts';
import { progress, startWithTable } from './steps.ts';
import { Workload } from './workload.ts';

async function settle(cluster: Cluster, work: Workload): Promise<void> {
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  await stopAndCompare(cluster);
}

test('five leaders killed in a row under load: no acknowledged write is lost, none is there twice, all copies are the same', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  work.through(cluster.members);
  for (let round = 0; round < 5; round++) {
    await progress(work, 200);
    const leader = await cluster.leader();
    const { term } = await leader.status();
    await leader.kill();
    const successor = await cluster.leader();
    assert.notEqual(successor, leader);
    assert.ok((await successor.status()).term > term, 'a later term (I1)');
    await progress(work, 50);
    await leader.start();
    work.through([leader]);
  }
  await settle(cluster, work);
});

test('followers killed one after the other under load catch up, and no write fails', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  const leader = await cluster.leader();
  work.through([leader]);
  for (const follower of cluster.others(leader)) {
    await progress(work, 200);
    await follower.kill();
    await progress(work, 200);
    await follower.start();
    work.through([follower], 2);
    await progress(work, 100);
  }
  await settle(cluster, work);
  assert.deepEqual(work.failures, []);
});

test('killed all at once under load, the members come back with every acknowledged write', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  for (let round = 0; round < 2; round++) {
    work.through(cluster.members);
    await progress(work, 300);
    await cluster.kill();
    await cluster.start();
    await cluster.leader();
  }
  await settle(cluster, work);
});

test('stopped and started again, the members have everything and take writes', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  work.through(cluster.members, 2);
  await progress(work, 200);
  await work.stop();
  await Promise.all(cluster.members.map((member) => member.close()));
  await cluster.start();
  await cluster.leader();
  const more = await cluster.members[1]!.execute('UPDATE w SET v = v + 1');
  assert.equal(more.changes, work.acknowledged.size);
  await settle(cluster, work);
});
