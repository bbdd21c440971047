import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { entry, One, only } from '../raft/one-raft.ts';

/** Own last entry, the candidate's, and whether it gets the vote. */
const CASES = [
  { own: [1, 1], last: { term: 1, index: 1 }, granted: false },
  { own: [1, 1], last: { term: 1, index: 2 }, granted: true },
  { own: [1, 1], last: { term: 1, index: 3 }, granted: true },
  { own: [1, 1], last: { term: 2, index: 1 }, granted: true },
  { own: [1, 2], last: { term: 1, index: 9 }, granted: false },
  { own: [1, 2], last: { term: 2, index: 2 }, granted: true },
  { own: [], last: { term: 0, index: 0 }, granted: true },
];

for (const { own, last, granted } of CASES) {
  const log = own.join(' ') || 'nothing';
  const verb = granted ? 'gets' : 'does not get';
  test(`3.6.1 a log up to ${last.term}:${last.index} ${verb} the vote of terms ${log}`, () => {
    for (const preVote of [true, false]) {
      const entries = own.map((term, i) => entry(term, i + 1));
      const one = new One({ entries, term: 2 });
      one.step('b', 3, { type: 'vote-request', preVote, last, transfer: false });
      const { messages, afterDurable } = one.take();
      assert.equal(only([...messages, ...afterDurable], 'vote-response')[0]?.granted, granted);
    }
  });
}

test('3.6.1 who lacks a committed entry is not elected', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('c');
  cluster.propose('a');
  cluster.run();
  cluster.heal();
  cluster.crash('a');
  cluster.raft('b').peerGone('a');
  cluster.network = [];
  cluster.timeout('c');
  cluster.run();
  assert.notEqual(cluster.raft('c').role, 'leader');
});

test('3.6.2 an entry of an earlier term is not committed by counting', () => {
  const one = new One({ entries: [entry(2, 1)], term: 3 });
  one.lead(false);
  one.durable();
  one.acknowledge('b', 1);
  one.acknowledge('c', 1);
  assert.equal(one.raft.commit, 0);
  one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 2);
  assert.equal(one.raft.commit, 2);
});

test('3.6.3 a committed entry is in the log of every later leader, whoever is elected', () => {
  const cluster = new Cluster(membership('a', 'b', 'c', 'd', 'e'), { seed: 3 });
  cluster.elect('a');
  for (const absent of ['b', 'c', 'd', 'e', 'a', 'b', 'd']) {
    cluster.heal();
    cluster.isolate(absent);
    for (let ticks = 0; ticks < 60; ticks++) {
      cluster.tickAll();
      cluster.run();
    }
    const { leader } = cluster;
    assert.ok(leader !== null && leader.id !== absent);
    cluster.propose(leader.id);
    cluster.run();
    // The checker of the cluster compares every leader with all that was ever committed.
    assert.equal(leader.raft.commit, leader.raft.lastIndex);
  }
});
