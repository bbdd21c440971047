import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { entry, One, only } from '../raft/one-raft.ts';

test('3.8 term and vote are written before the promise that they make leaves', () => {
  const one = new One();
  const last = { term: 0, index: 0 };
  one.step('c', 4, { type: 'vote-request', preVote: false, last, transfer: false });
  const ready = one.take();
  assert.deepEqual(ready.hardState, { term: 4, vote: 'c', commit: 0 });
  assert.equal(ready.messages.length, 0);
  assert.equal(only(ready.afterDurable, 'vote-response').length, 1);
});

test('3.8 an entry is acknowledged from the disk only', () => {
  const cluster = new Cluster(membership('a', 'b'));
  cluster.elect('a');
  cluster.at('b').slow = true;
  cluster.propose('a');
  cluster.run();
  assert.equal(cluster.raft('a').commit, 1);
  cluster.flushAll('b');
  cluster.run();
  assert.equal(cluster.raft('a').commit, 2);
});

test('3.8 a member that crashed before its vote was on its disk has not voted', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.timeout('a');
  cluster.at('b').slow = true;
  cluster.isolate('c');
  cluster.run();
  cluster.crash('b');
  assert.equal(cluster.raft('a').role, 'candidate');
  cluster.restart('b');
  assert.equal(cluster.raft('b').term, 0);
});

test('3.8 the commit index may be forgotten: it is found again', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1, commit: 0 });
  one.step('b', 1, { type: 'heartbeat-request', commit: 2, round: 0 });
  assert.equal(one.take().commit, 2);
});

test('3.8 a whole cluster comes back from its disks', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.propose('a');
  cluster.run();
  for (const id of ['a', 'b', 'c']) cluster.crash(id);
  for (const id of ['a', 'b', 'c']) cluster.restart(id);
  cluster.elect('b');
  assert.equal(cluster.raft('b').commit, 3);
  assert.equal(cluster.raft('b').term, 2);
});
