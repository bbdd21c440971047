import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, One } from './one-raft.ts';

test('a leader that nobody answers for an election timeout steps down, in its term', () => {
  const one = new One();
  one.lead();
  for (let i = 1; i < CONFIG.electionTicks; i++) one.raft.tick();
  assert.equal(one.raft.role, 'leader');
  one.raft.tick();
  assert.equal(one.raft.role, 'follower');
  assert.equal(one.raft.leader, null);
  assert.equal(one.raft.term, 1);
});

test('one answering follower of two is enough, a learner is not', () => {
  const one = new One({ members: ['a', 'b', 'c', '(d)'] });
  one.lead();
  for (let i = 0; i < 5 * CONFIG.electionTicks; i++) {
    one.raft.tick();
    one.step('b', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  }
  assert.equal(one.raft.role, 'leader');
  for (let i = 0; i < CONFIG.electionTicks; i++) {
    one.raft.tick();
    one.step('d', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  }
  assert.equal(one.raft.role, 'follower');
});

test('a single voter needs nobody', () => {
  const one = new One({ members: ['a', '(b)'] });
  one.ticks(10 * CONFIG.electionTicks);
  assert.equal(one.raft.role, 'leader');
});
