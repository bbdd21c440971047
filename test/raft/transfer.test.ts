import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membership } from './member-fixture.ts';
import { CONFIG, One, only } from './one-raft.ts';

test('an heir that has everything is told to campaign at once, and proposals stop', () => {
  const one = new One();
  one.lead();
  one.raft.transferLeadership('b');
  assert.ok(!one.raft.canPropose());
  assert.equal(only(one.take().messages, 'timeout-now')[0]?.to, 'b');
});

test('an heir that lacks something is brought up to date first', () => {
  const one = new One();
  one.lead();
  one.propose();
  one.raft.transferLeadership('b');
  assert.equal(only(one.take().messages, 'timeout-now').length, 0);
  one.acknowledge('c', 2);
  assert.equal(only(one.take().messages, 'timeout-now').length, 0);
  one.acknowledge('b', 2);
  assert.equal(only(one.take().messages, 'timeout-now').length, 1);
});

test('without a name the heir is the voter that has most, of equals the one heard last', () => {
  const one = new One({ members: ['a', 'b', 'c', '(d)'] });
  one.lead();
  one.propose();
  one.take();
  one.acknowledge('c', 2);
  one.acknowledge('d', 2);
  one.take();
  one.raft.transferLeadership(null);
  assert.equal(only(one.take().messages, 'timeout-now')[0]?.to, 'c');
  one.acknowledge('b', 2);
  one.raft.tick();
  one.acknowledge('c', 2);
  one.raft.transferLeadership(null);
  const orders = only(one.take().messages, 'timeout-now');
  assert.equal(orders.at(-1)?.to, 'c');
});

test('after an election timeout the leader gives up and goes on', () => {
  const one = new One();
  one.lead();
  one.raft.transferLeadership('c');
  for (let i = 0; i < CONFIG.electionTicks; i++) {
    assert.ok(!one.raft.canPropose());
    one.raft.tick();
    one.step('b', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  }
  assert.ok(one.raft.canPropose());
});

test('an heir whose connection closes is no heir', () => {
  const one = new One();
  one.lead();
  one.raft.transferLeadership('c');
  one.raft.peerGone('c');
  assert.ok(one.raft.canPropose());
});

test('only the leader hands over, and only to another voter', () => {
  const follower = new One();
  assert.throws(() => follower.raft.transferLeadership('b'), { code: 'NOT_LEADER' });
  const one = new One({ members: ['a', 'b', '(d)'] });
  one.lead();
  for (const to of ['a', 'd', 'x']) {
    assert.throws(() => one.raft.transferLeadership(to), { code: 'REQUEST_INVALID' });
  }
  const alone = new One({ members: ['a', '(b)'] });
  alone.raft.tick();
  assert.throws(() => alone.raft.transferLeadership(null), { code: 'REQUEST_INVALID' });
});

test('who is told to campaign does so without a pre-vote, past the lease of the voters', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  one.step('b', 1, { type: 'timeout-now' });
  const ready = one.take();
  assert.equal(ready.role, 'candidate');
  const requests = only(ready.afterDurable, 'vote-request');
  assert.ok(requests.every(({ transfer, preVote, term }) => transfer && !preVote && term === 2));
});

test('a learner told to campaign does not', () => {
  const one = new One({ members: ['(a)', 'b'] });
  one.step('b', 1, { type: 'timeout-now' });
  assert.equal(one.raft.role, 'follower');
});

test('a leader that removed itself leads until that is committed, then orders an election', () => {
  const one = new One();
  one.lead();
  one.propose(1, membership('b', 'c'));
  one.take();
  one.durable();
  one.acknowledge('b', 2);
  assert.equal(one.raft.role, 'leader');
  one.acknowledge('c', 2);
  const ready = one.take();
  assert.equal(ready.role, 'follower');
  assert.equal(ready.commit, 2);
  assert.equal(only(ready.messages, 'timeout-now').length, 1);
  assert.ok(only(ready.messages, 'append-request').every(({ commit }) => commit === 2));
  one.ticks(5 * CONFIG.electionTicks);
  assert.equal(one.raft.role, 'follower');
});
