import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, entry, One } from './one-raft.ts';

test('nothing new, no Ready', () => {
  const one = new One();
  one.raft.tick();
  assert.ok(!one.raft.hasReady());
});

test('a Ready says everything once', () => {
  const one = new One();
  one.lead();
  one.propose();
  one.take();
  assert.ok(!one.raft.hasReady());
  const empty = one.raft.takeReady();
  assert.deepEqual(
    [empty.entries.length, empty.messages.length, empty.afterDurable.length, empty.hardState],
    [0, 0, 0, null],
  );
});

test('the hard state is written for a new term or vote, never for the commit index alone', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  one.step('b', 1, { type: 'heartbeat-request', commit: 2, round: 0 });
  const ready = one.take();
  assert.equal(ready.commit, 2);
  assert.equal(ready.hardState, null);
  one.step('b', 2, { type: 'heartbeat-request', commit: 2, round: 0 });
  assert.deepEqual(one.take().hardState, { term: 2, vote: null, commit: 2 });
});

test('a change of role, leader or commit index alone is worth a Ready', () => {
  const one = new One();
  one.lead();
  one.ticks(CONFIG.electionTicks);
  assert.ok(one.raft.hasReady());
  const ready = one.take();
  assert.equal(ready.role, 'follower');
  assert.equal(ready.leader, null);
  assert.equal(ready.hardState, null);
});

test('a truncation and what replaces it come together', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  const previous = { term: 1, index: 1 };
  one.step('b', 2, { type: 'append-request', previous, entries: [entry(2, 2)], commit: 0 });
  const ready = one.take();
  assert.equal(ready.truncateFrom, 2);
  assert.deepEqual(ready.entries, [entry(2, 2)]);
  assert.deepEqual(ready.hardState, { term: 2, vote: null, commit: 0 });
});
