import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './cluster-fixture.ts';
import { membership } from './member-fixture.ts';
import { entry, One, only } from './one-raft.ts';

test('three members elect the one that times out first and replicate its entries', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  const { index } = cluster.propose('a');
  cluster.run();
  for (const id of ['a', 'b', 'c']) {
    assert.equal(cluster.raft(id).commit, index, `commit of ${id}`);
    assert.equal(cluster.raft(id).leader, 'a');
  }
});

test('a restarted member has its log, its term and a commit index that is not too high', () => {
  const entries = [entry(1, 1), entry(2, 2)];
  const one = new One({ entries, term: 3, commit: 9 });
  assert.equal(one.raft.lastIndex, 2);
  assert.equal(one.raft.term, 3);
  assert.equal(one.raft.commit, 2);
});

test('the membership comes from the log, and from the base of the log without one', () => {
  assert.equal(new One().raft.membership.length, 3);
  const entries = [entry(1, 1, 1, membership('a', 'b'))];
  assert.equal(new One({ entries, term: 1 }).raft.membership.length, 2);
});

test('the same calls give the same Readys', () => {
  const run = () => {
    const cluster = new Cluster(membership('c', 'a', 'b'), { seed: 5 });
    cluster.tickAll(30);
    cluster.run();
    return cluster.trace;
  };
  assert.deepEqual(run(), run());
});

test('a follower whose connection closed is probed when it is back', () => {
  const one = new One();
  one.lead();
  one.raft.peerGone('b');
  assert.equal(one.raft.progress().get('b')?.state, 'probe');
  one.propose();
  assert.equal(only(one.take().messages, 'append-request').length, 0);
  one.raft.peerReachable('b');
  const [probe] = only(one.take().messages, 'append-request');
  assert.equal(probe?.to, 'b');
  assert.equal(probe?.previous.index, 1);
});

test('a follower of which nothing is known is probed at the end of the log', () => {
  const one = new One();
  one.lead();
  one.raft.peerReachable('c');
  assert.equal(only(one.take().messages, 'append-request')[0]?.previous.index, 0);
  const old = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  old.lead(false);
  old.raft.peerGone('c');
  old.raft.peerReachable('c');
  assert.equal(only(old.take().messages, 'append-request')[0]?.previous.index, 2);
});

test('a campaign may be ordered where nobody leads; a leader that is heard cancels it', () => {
  const one = new One();
  one.raft.campaignIn(2);
  one.raft.tick();
  assert.ok(!one.raft.hasReady());
  one.raft.tick();
  assert.equal(one.take().role, 'pre-candidate');
  one.raft.campaignIn(2);
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  one.raft.campaignIn(1);
  one.ticks(3);
  assert.equal(one.raft.role, 'follower');
});

test('news of strangers is harmless', () => {
  const one = new One();
  one.lead();
  one.raft.peerGone('x');
  one.raft.peerReachable('x');
  assert.ok(!one.raft.hasReady());
});

test('progress is empty unless the member leads', () => {
  const one = new One();
  assert.equal(one.raft.progress().size, 0);
  one.lead();
  assert.deepEqual(one.raft.progress().get('b'), {
    ...{ match: 1, next: 2, state: 'replicate' },
    ...{ inflightEntries: 0, inflightBytes: 0 },
  });
});

test('bad settings are refused', () => {
  assert.throws(() => new One({ config: { electionTicks: 0 } }), { code: 'OPTIONS_INVALID' });
});

test('the commit index is put on disk for its own sake only where that was asked for', () => {
  const one = new One();
  const committed = () => {
    one.propose();
    one.take();
    one.durable();
    one.acknowledge('b', one.raft.lastIndex);
    return one.take();
  };
  one.lead();
  assert.equal(committed().hardState, null);
  one.raft.keepCommit();
  const { commit, term } = one.raft;
  assert.deepEqual(one.take().hardState, { term, vote: 'a', commit });
  assert.equal(committed().hardState, null, 'once');
  assert.equal(one.raft.hasReady(), false);
});
