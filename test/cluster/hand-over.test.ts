import assert from 'node:assert/strict';
import { test } from 'node:test';
import { converge } from './fixture.ts';
import { progress, startWithTable } from './steps.ts';
import { Workload } from './workload.ts';

test('a leader that is closed hands over first: another leads when it is gone, and no write of others fails', async (t) => {
  const cluster = await startWithTable(t, 3);
  const work = new Workload();
  for (let round = 0; round < 3; round++) {
    const leader = await cluster.leader();
    const others = cluster.others(leader);
    const { term } = await leader.status();
    if (round === 0) work.through(cluster.members, 8);
    await progress(work, 200);
    await leader.close();
    // No poll: it has to be so already.
    const after = await Promise.all(others.map((member) => member.status()));
    assert.ok(
      after.some((status) => status.role === 'leader' && status.term > term),
      JSON.stringify(after.map(({ id, role, term }) => ({ id, role, term }))),
    );
    await progress(work, 100);
    await leader.start();
    work.through([leader], 8);
  }
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  // CLOSED is what clients of the closed member itself are told.
  assert.deepEqual(
    work.failures.filter((code) => code !== 'CLOSED'),
    [],
  );
});

test('clients of the leader that is closed are told the truth about each write', async (t) => {
  const cluster = await startWithTable(t, 3);
  const leader = await cluster.leader();
  const work = new Workload();
  work.through([leader], 32);
  await progress(work, 500);
  await leader.close();
  await work.stop();
  const rest = cluster.others(leader);
  await converge(rest);
  for (const member of rest) await work.verify(member);
});
