import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, One } from './one-raft.ts';

test('a member starts as a follower in the term that it remembers', () => {
  const one = new One({ term: 4, vote: 'c' });
  assert.equal(one.raft.role, 'follower');
  assert.equal(one.raft.term, 4);
  assert.equal(one.raft.leader, null);
  assert.ok(!one.raft.hasReady());
});

test('entries that a torn write left without their hard state name the term', () => {
  const one = new One({ entries: [entry(6, 1)], term: 4, vote: 'c' });
  assert.equal(one.raft.term, 6);
  assert.deepEqual(one.take().hardState, { term: 6, vote: null, commit: 0 });
});

test('a candidate follows whoever won its term', () => {
  const one = new One();
  one.campaign();
  one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
  one.take();
  one.step('c', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  const ready = one.take();
  assert.equal(ready.role, 'follower');
  assert.equal(ready.leader, 'c');
  assert.equal(one.raft.term, 1);
});

test('a pre-candidate follows the leader that it thought lost', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  assert.equal(one.campaign().leader, null);
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  const ready = one.take();
  assert.equal(ready.role, 'follower');
  assert.equal(ready.leader, 'b');
});

test('a deposed leader has nothing left of its leadership', () => {
  const one = new One();
  one.lead();
  one.step('b', 2, { type: 'heartbeat-request', commit: 0, round: 0 });
  assert.equal(one.raft.progress().size, 0);
  assert.ok(!one.raft.canPropose());
  assert.equal(one.raft.lastIndex, 1);
});

test('one vote is a majority of one', () => {
  const one = new One({ members: ['a'] });
  one.raft.tick();
  const ready = one.take();
  assert.equal(ready.role, 'leader');
  assert.deepEqual(ready.hardState, { term: 1, vote: 'a', commit: 0 });
});
