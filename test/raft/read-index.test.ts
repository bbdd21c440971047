import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { CONFIG, One, only } from './one-raft.ts';

const FOLLOWED = { type: 'heartbeat-request', commit: 0, round: 0 } as const;

test('a leader serves a read after a majority answered a heartbeat sent after it was asked', () => {
  const one = new One();
  one.lead();
  one.raft.readIndex(7);
  const beats = only(one.take().messages, 'heartbeat-request');
  assert.deepEqual(
    beats.map(({ to, round }) => [to, round]),
    [
      ['b', 1],
      ['c', 1],
    ],
  );
  one.step('b', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  assert.ok(!one.raft.hasReady());
  one.step('b', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  assert.deepEqual(one.take().readStates, [{ context: 7, index: 1 }]);
});

test('reads that come together share one round; its index is the commit index of its start', () => {
  const one = new One();
  one.lead();
  for (const context of [1, 2, 3]) one.raft.readIndex(context);
  assert.equal(only(one.take().messages, 'heartbeat-request').length, 2);
  one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 2);
  assert.equal(one.take().commit, 2);
  one.step('c', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  assert.deepEqual(
    one.take().readStates.map(({ context, index }) => [context, index]),
    [
      [1, 1],
      [2, 1],
      [3, 1],
    ],
  );
});

test('an answer to a later round answers the earlier ones', () => {
  const one = new One();
  one.lead();
  one.raft.readIndex(1);
  one.take();
  one.raft.readIndex(2);
  one.take();
  one.step('b', 1, { type: 'heartbeat-response', round: 2, promiseTicks: 0 });
  assert.equal(one.take().readStates.length, 2);
});

test('at the limit of rounds on the way, reads gather for the next', () => {
  const one = new One({ config: { readRoundsMax: 1 } });
  one.lead();
  one.raft.readIndex(1);
  one.take();
  one.raft.readIndex(2);
  one.raft.readIndex(3);
  assert.ok(!one.raft.hasReady());
  one.step('b', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  const ready = one.take();
  assert.equal(ready.readStates.length, 1);
  assert.equal(only(ready.messages, 'heartbeat-request')[0]?.round, 2);
});

test('a lost round is repaired by the next heartbeat', () => {
  const one = new One();
  one.lead();
  one.raft.readIndex(1);
  one.take();
  one.ticks(CONFIG.heartbeatTicks);
  assert.equal(only(one.take().messages, 'heartbeat-request')[0]?.round, 1);
});

test('before an entry of its own term is committed a leader does not answer', () => {
  const one = new One();
  one.lead(false);
  one.raft.readIndex(1);
  assert.ok(!one.raft.hasReady());
  one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 1);
  one.take();
  one.step('b', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  assert.deepEqual(one.take().readStates, [{ context: 1, index: 1 }]);
});

test('a learner that answers does not count', () => {
  const one = new One({ members: ['a', 'b', 'c', '(d)'] });
  one.lead();
  one.raft.readIndex(1);
  one.take();
  one.step('d', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  assert.ok(!one.raft.hasReady());
});

test('a single voter serves at once', () => {
  const one = new One({ members: ['a'] });
  one.raft.tick();
  one.take();
  one.propose();
  one.take();
  one.durable();
  one.take();
  one.raft.readIndex(1);
  assert.deepEqual(one.take().readStates, [{ context: 1, index: 1 }]);
});

test('reads fail with the leadership', () => {
  const one = new One();
  one.lead();
  one.raft.readIndex(1);
  one.take();
  one.raft.readIndex(2);
  one.step('b', 2, FOLLOWED);
  assert.deepEqual(one.take().readsFailed, [1, 2]);
});

test('a follower asks the leader once for all reads since the last question', () => {
  const one = new One();
  one.step('b', 1, FOLLOWED);
  one.take();
  one.raft.readIndex(1);
  one.raft.readIndex(2);
  const [request] = only(one.take().messages, 'read-index-request');
  assert.equal(request?.to, 'b');
  const { context } = request!;
  one.step('b', 1, { type: 'read-index-response', context, index: 9 });
  assert.deepEqual(one.take().readStates, [
    { context: 1, index: 9 },
    { context: 2, index: 9 },
  ]);
  one.step('b', 1, { type: 'read-index-response', context, index: 9 });
  assert.ok(!one.raft.hasReady());
});

test('a leader answers whoever asks', () => {
  const one = new One();
  one.lead();
  one.step('c', 1, { type: 'read-index-request', context: 77 });
  one.take();
  one.step('c', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  const [answer] = only(one.take().messages, 'read-index-response');
  assert.deepEqual([answer?.to, answer?.context, answer?.index], ['c', 77, 1]);
});

test('without a leader, with a new one, or without an answer in time a read fails', () => {
  const one = new One();
  one.raft.readIndex(1);
  assert.deepEqual(one.take().readsFailed, [1]);
  one.step('b', 1, FOLLOWED);
  one.raft.readIndex(2);
  one.take();
  one.step('c', 2, FOLLOWED);
  assert.deepEqual(one.take().readsFailed, [2]);
  one.raft.readIndex(3);
  one.take();
  for (let i = 0; i < CONFIG.electionTicks; i++) {
    one.step('c', 2, FOLLOWED);
    one.take();
    assert.equal(one.raft.hasReady(), false);
    one.raft.tick();
  }
  assert.deepEqual(one.take().readsFailed, [3]);
});

test('there is a limit to the reads that wait, on a leader and on a follower', () => {
  const leader = new One({ config: { readsPendingMax: 2 } });
  leader.lead();
  for (const context of [1, 2, 3]) leader.raft.readIndex(context);
  assert.deepEqual(leader.take().readsFailed, [3]);
  const follower = new One({ config: { readsPendingMax: 2 } });
  follower.step('b', 1, FOLLOWED);
  for (const context of [1, 2, 3]) follower.raft.readIndex(context);
  assert.deepEqual(follower.take().readsFailed, [3]);
});

test('an answer meant for the time before a restart is not taken for a new one', () => {
  const first = new One({ config: {} });
  first.step('b', 1, FOLLOWED);
  first.raft.readIndex(1);
  const [old] = only(first.take().messages, 'read-index-request');
  const again = new One({ term: 1, config: { prng: new Prng(8) } });
  again.step('b', 1, FOLLOWED);
  again.raft.readIndex(2);
  again.take();
  again.step('b', 1, { type: 'read-index-response', context: old!.context, index: 1 });
  assert.ok(!again.raft.hasReady());
});
