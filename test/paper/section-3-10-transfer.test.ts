import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';

test('3.10 leadership goes to a live heir without an election timeout passing', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.propose('a');
  cluster.call('a', (raft) => raft.transferLeadership('c'));
  cluster.run();
  assert.equal(cluster.leader?.id, 'c');
  assert.equal(cluster.raft('c').term, 2);
  assert.equal(cluster.raft('a').leader, 'c');
});

test('3.10 an heir that does not take over costs no more than an election timeout', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.crash('c');
  cluster.call('a', (raft) => raft.transferLeadership('c'));
  for (let i = 0; i < cluster.settings.electionTicks; i++) {
    assert.ok(!cluster.raft('a').canPropose());
    cluster.tick('a');
    cluster.run();
  }
  cluster.propose('a');
  cluster.run();
  assert.equal(cluster.raft('a').commit, 2);
});
