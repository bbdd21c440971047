import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, MemberId } from '../../src/raft/entry.ts';
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

type Led = NonNullable<Cluster['leader']>;

/** Lets time pass until somebody leads, other than `not`. */
function afterElection(cluster: Cluster, not: MemberId | null = null): Led {
  for (let ticks = 0; ticks < 1_000; ticks++) {
    const leads = cluster.leader;
    if (leads !== null && leads.id !== not) return leads;
    cluster.tickAll();
    cluster.run();
  }
  assert.fail('nobody leads');
}

test('3.6.3 what one member has applied at an index, no other applies differently, also when leaders were cut off with entries of their own', () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const cluster = new Cluster(membership(...ids), { seed: 5 });
  cluster.elect('a');
  /** By index: the entry that whoever applied it first applied. */
  const applied = new Map<number, Entry>();
  let replaced = 0;
  for (let round = 0; round < 12; round++) {
    const old = afterElection(cluster);
    cluster.isolate(old.id);
    cluster.proposeBatch(old.id, 3);
    const left = old.log.entries(1, old.log.lastIndex, 1e6);
    const next = afterElection(cluster, old.id);
    cluster.proposeBatch(next.id, 2);
    cluster.run();
    cluster.heal();
    cluster.tickAll(10);
    cluster.run();
    for (const id of ids) {
      const { raft, log } = cluster.at(id);
      for (const each of log.entries(1, raft.commit, 1e6)) {
        const first = applied.get(each.index) ?? each;
        applied.set(each.index, first);
        assert.deepEqual(each, first, `${id} applies another entry ${each.index}`);
      }
    }
    replaced += left.filter(({ index, term }) => applied.get(index)?.term !== term).length;
  }
  assert.ok(replaced >= 12, `only ${replaced} entries gave way to others`);
});
