import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, entry, One, only } from './one-raft.ts';

test('a new leader announces itself at once, and then every heartbeat interval', () => {
  const one = new One();
  one.campaign();
  one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
  one.take();
  one.step('b', 1, { type: 'vote-response', preVote: false, granted: true });
  assert.equal(only(one.take().messages, 'heartbeat-request').length, 2);
  one.ticks(CONFIG.heartbeatTicks - 1);
  assert.ok(!one.raft.hasReady());
  one.raft.tick();
  assert.equal(only(one.take().messages, 'heartbeat-request').length, 2);
});

test('a heartbeat commits no further than what the follower is known to have', () => {
  const one = new One();
  one.lead();
  one.ticks(CONFIG.heartbeatTicks);
  const beats = only(one.take().messages, 'heartbeat-request');
  assert.deepEqual(
    beats.map(({ to, commit }) => [to, commit]),
    [
      ['b', 1],
      ['c', 0],
    ],
  );
});

test('a follower answers without waiting for its disk, and takes over the commit index', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  one.step('b', 1, { type: 'heartbeat-request', commit: 1, round: 6 });
  const ready = one.take();
  assert.equal(ready.commit, 1);
  assert.equal(ready.afterDurable.length, 0);
  assert.equal(only(ready.messages, 'heartbeat-response')[0]?.round, 6);
});

test('heartbeats keep elections away', () => {
  const one = new One();
  for (let i = 0; i < 10; i++) {
    one.ticks(CONFIG.electionTicks - 1);
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    assert.equal(one.take().role, 'follower');
  }
});

test('a heartbeat behind the commit index changes nothing', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1, commit: 2 });
  one.step('b', 1, { type: 'heartbeat-request', commit: 1, round: 0 });
  assert.equal(one.take().commit, 2);
});

test('an answered heartbeat finds out whether the last append was lost', () => {
  const one = new One();
  one.lead();
  one.propose();
  one.take();
  one.ticks(CONFIG.heartbeatTicks);
  one.take();
  one.step('b', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  const [again] = only(one.take().messages, 'append-request');
  assert.equal(again?.to, 'b');
  assert.deepEqual(again?.previous, { term: 1, index: 2 });
});
