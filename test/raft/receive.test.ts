import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, message, One, only } from './one-raft.ts';

const LAST = { term: 9, index: 9 };

test('a higher term makes a follower of anyone', () => {
  const one = new One();
  one.lead();
  one.step('b', 5, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  const ready = one.take();
  assert.equal(ready.role, 'follower');
  assert.deepEqual(ready.hardState, { term: 5, vote: null, commit: 1 });
});

test('a pre-vote of a higher term does not, granted or not', () => {
  const one = new One({ term: 1 });
  one.step('b', 5, { type: 'vote-request', preVote: true, last: LAST, transfer: false });
  assert.equal(one.raft.term, 1);
  assert.equal(only(one.take().messages, 'vote-response')[0]?.term, 5);
  one.step('b', 5, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.term, 1);
});

test('who hears a leader ignores candidates until an election timeout has passed', () => {
  for (const preVote of [true, false]) {
    const one = new One();
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    one.take();
    one.ticks(9);
    one.step('c', 2, { type: 'vote-request', preVote, last: LAST, transfer: false });
    assert.ok(!one.raft.hasReady());
    assert.equal(one.raft.term, 1);
    one.raft.tick();
    while (one.raft.hasReady()) one.take();
    one.step('c', 2, { type: 'vote-request', preVote, last: LAST, transfer: false });
    assert.ok(one.raft.hasReady());
  }
});

test('a leader ignores candidates, but not one that it sent itself', () => {
  const one = new One();
  one.lead();
  one.step('c', 2, { type: 'vote-request', preVote: false, last: LAST, transfer: false });
  assert.equal(one.raft.role, 'leader');
  one.step('c', 2, { type: 'vote-request', preVote: false, last: LAST, transfer: true });
  assert.equal(one.raft.role, 'follower');
  assert.ok(only(one.take().afterDurable, 'vote-response')[0]?.granted);
});

test('senders of a past term are told ours, answers of a past term are dropped', () => {
  const one = new One({ term: 5 });
  const previous = { term: 0, index: 0 };
  one.step('b', 4, { type: 'vote-request', preVote: false, last: LAST, transfer: false });
  one.step('b', 4, { type: 'vote-request', preVote: true, last: LAST, transfer: false });
  one.step('b', 4, { type: 'append-request', previous, entries: [entry(4, 1)], commit: 1 });
  one.step('b', 4, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.step('b', 4, { type: 'snapshot-request', snapshot: LAST, membership: [] });
  const ready = one.take();
  assert.deepEqual(
    ready.messages.map(({ type, term }) => [type, term]),
    [
      ['vote-response', 5],
      ['vote-response', 5],
      ['append-response', 5],
      ['append-response', 5],
      ['append-response', 5],
    ],
  );
  assert.equal(one.raft.leader, null);
  one.step('b', 4, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  one.step('b', 4, { type: 'timeout-now' });
  assert.ok(!one.raft.hasReady());
});

test('a message for somebody else is ignored', () => {
  const one = new One();
  one.raft.step({ ...message('b', 9, { type: 'timeout-now' }), to: 'c' });
  one.raft.step(message('a', 9, { type: 'timeout-now' }));
  assert.ok(!one.raft.hasReady());
  assert.equal(one.raft.term, 0);
});

test('two leaders in one term stop the member', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  const second = () => one.step('c', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  assert.throws(second, { name: 'AssertionError', message: /I1/ });
});
