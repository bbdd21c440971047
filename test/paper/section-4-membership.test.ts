import assert from 'node:assert/strict';
import { test } from 'node:test';
import { majority } from '../../src/raft/quorum.ts';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { CONFIG, entry, One, only } from '../raft/one-raft.ts';

test('4.1 majorities before and after a change of one voter overlap', () => {
  for (let voters = 1; voters < 50; voters++) {
    assert.ok(majority(voters) + majority(voters + 1) > voters + 1);
  }
});

test('4.1 a new membership is in force when it is in the log, committed or not', () => {
  const cluster = new Cluster(membership('a', 'b'));
  cluster.elect('a');
  cluster.add('c');
  cluster.isolate('a');
  cluster.propose('a', 0, membership('a', 'b', 'c'));
  assert.equal(cluster.raft('a').membership.length, 3);
  assert.equal(cluster.raft('b').membership.length, 2);
});

test('4.1 the change itself is committed by a majority of the new membership', () => {
  const one = new One({ members: ['a', 'b', 'c'] });
  one.lead();
  one.propose(0, membership('a', 'b', 'c', 'd'));
  one.take();
  one.durable();
  one.acknowledge('b', 2);
  assert.equal(one.raft.commit, 1);
  one.acknowledge('d', 2);
  assert.equal(one.raft.commit, 2);
});

test('4.1 the next change waits for the last one', () => {
  const one = new One();
  one.lead();
  one.propose(0, membership('a', 'b'));
  assert.throws(() => one.propose(0, membership('a')), { code: 'REQUEST_INVALID' });
});

test('4.1 a leader changes nothing before it has committed an entry of its own term', () => {
  const one = new One({ entries: [entry(1, 1)], term: 1, commit: 1 });
  one.lead(false);
  assert.throws(() => one.propose(0, membership('a', 'b')), { code: 'REQUEST_INVALID' });
});

test('4.1 a change that is truncated is undone', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('a');
  cluster.propose('a', 0, membership('a', 'b'));
  cluster.run();
  cluster.elect('b');
  cluster.heal();
  cluster.tick('b', 2);
  cluster.run();
  assert.equal(cluster.raft('a').membership.length, 3);
  assert.equal(cluster.raft('a').leader, 'b');
});

test('4.1 a candidate outside our own membership gets its vote, its leadership is followed', () => {
  const one = new One({ members: ['a', 'b'] });
  const last = { term: 0, index: 0 };
  one.step('x', 1, { type: 'vote-request', preVote: false, last, transfer: false });
  assert.ok(only(one.take().afterDurable, 'vote-response')[0]?.granted);
  one.step('x', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  assert.equal(one.take().leader, 'x');
});

test('4.1 a member that does not know yet that it is a voter can be the vote needed', () => {
  const cluster = new Cluster(membership('a', 'b', 'c', '(d)'));
  cluster.elect('a');
  cluster.isolate('d');
  cluster.propose('a', 0, membership('a', 'b', 'c', 'd'));
  cluster.run();
  cluster.heal();
  cluster.crash('a');
  assert.equal(cluster.raft('d').membership.find(({ id }) => id === 'd')?.voter, false);
  cluster.elect('b');
  assert.equal(cluster.raft('b').commit, cluster.raft('b').lastIndex);
});

test('4.2.1 a new member catches up without counting', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  for (let i = 0; i < 20; i++) cluster.propose('a');
  cluster.run();
  cluster.add('d');
  cluster.propose('a', 0, membership('a', 'b', 'c', '(d)'));
  cluster.run();
  assert.equal(cluster.raft('d').commit, cluster.raft('a').commit);
  cluster.at('d').slow = true;
  cluster.propose('a');
  cluster.run();
  assert.equal(cluster.raft('a').commit, cluster.raft('a').lastIndex);
});

test('4.2.2 a leader that removed itself leads, uncounted, until that is committed', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.cut('a', 'c');
  cluster.propose('a', 0, membership('b', 'c'));
  cluster.run();
  assert.equal(cluster.raft('a').role, 'leader');
  assert.equal(cluster.raft('a').commit, 1);
  cluster.heal();
  cluster.tick('a', 4);
  cluster.run();
  cluster.tick('a', 4);
  cluster.run();
  assert.equal(cluster.raft('a').role, 'follower');
  assert.ok(cluster.leader !== null && cluster.leader.id !== 'a');
});

test('4.2.2 a removed member may campaign, uncounted, until its removal is committed', () => {
  const entries = [entry(1, 1, 0, membership('b'))];
  const one = new One({ members: ['a', 'b'], entries, term: 1 });
  one.campaign();
  assert.equal(one.raft.role, 'pre-candidate');
  one.step('b', 2, { type: 'vote-response', preVote: true, granted: true });
  one.take();
  one.step('b', 2, { type: 'vote-response', preVote: false, granted: true });
  assert.equal(one.raft.role, 'leader');
  one.propose();
  one.take();
  one.durable();
  assert.equal(one.raft.commit, 0);
  one.acknowledge('b', 2);
  assert.equal(one.raft.commit, 2);
  assert.equal(one.raft.role, 'follower');
});

test('4.2.3 a removed member cannot disturb those that hear their leader', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('c');
  cluster.propose('a', 0, membership('a', 'b'));
  cluster.run();
  cluster.heal();
  const { term } = cluster.raft('a');
  for (let ticks = 0; ticks < 10 * CONFIG.electionTicks; ticks++) {
    cluster.tickAll();
    cluster.run();
  }
  assert.equal(cluster.raft('a').role, 'leader');
  assert.equal(cluster.raft('a').term, term);
});

test('4.2.3 a campaign that the leader ordered is not taken for a disturbance', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  const last = { term: 1, index: 9 };
  one.step('c', 2, { type: 'vote-request', preVote: false, last, transfer: false });
  assert.ok(!one.raft.hasReady());
  one.step('c', 2, { type: 'vote-request', preVote: false, last, transfer: true });
  assert.ok(only(one.take().afterDurable, 'vote-response')[0]?.granted);
});
