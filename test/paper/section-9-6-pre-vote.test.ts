import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { CONFIG, One } from '../raft/one-raft.ts';

test('9.6 a cut-off member does not raise its term, and disturbs nobody when it is back', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('c');
  for (let ticks = 0; ticks < 20 * CONFIG.electionTicks; ticks++) {
    cluster.tickAll();
    cluster.run();
  }
  assert.equal(cluster.raft('c').term, 1);
  cluster.heal();
  cluster.tick('a', 2);
  cluster.run();
  assert.equal(cluster.raft('a').role, 'leader');
  assert.equal(cluster.raft('a').term, 1);
  assert.equal(cluster.raft('c').leader, 'a');
});

test('9.6 a term is spent only when a majority would vote', () => {
  const one = new One({ members: ['a', 'b', 'c', 'd', 'e'] });
  one.campaign();
  one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.term, 0);
  one.step('c', 1, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.term, 1);
  assert.equal(one.raft.role, 'candidate');
});

test('9.6 a granted pre-vote spends no vote', () => {
  const one = new One();
  const last = { term: 0, index: 0 };
  for (const from of ['b', 'c']) {
    one.step(from, 1, { type: 'vote-request', preVote: true, last, transfer: false });
    const ready = one.take();
    assert.equal(ready.hardState, null);
    assert.equal(ready.messages.length, 1);
  }
});

test('9.6 a member whose term is behind learns it from the refusal', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('c');
  for (const [old, next] of [
    ['a', 'b'],
    ['b', 'a'],
  ] as const) {
    cluster.crash(old);
    cluster.restart(old);
    cluster.elect(next);
  }
  cluster.crash('a');
  cluster.raft('b').peerGone('a');
  cluster.heal();
  assert.equal(cluster.raft('c').term, 1);
  cluster.timeout('c');
  cluster.run();
  assert.equal(cluster.raft('c').term, cluster.raft('b').term);
  cluster.elect('b');
  assert.equal(cluster.raft('c').commit, cluster.raft('b').commit);
});
