import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, entry, One, only } from './one-raft.ts';

const LAST = { term: 0, index: 0 };

function ask(one: One, from: string, term: number, preVote: boolean, last = LAST): void {
  one.step(from, term, { type: 'vote-request', preVote, last, transfer: false });
}

test('timeouts are drawn anew between one and two election timeouts', () => {
  const seen = new Set<number>();
  const one = new One();
  let ticks = 0;
  for (let i = 0; i < 4000; i++) {
    one.raft.tick();
    ticks += 1;
    if (!one.raft.hasReady()) continue;
    one.take();
    seen.add(ticks);
    ticks = 0;
  }
  const expected = Array.from({ length: CONFIG.electionTicks }, (_, i) => CONFIG.electionTicks + i);
  assert.deepEqual(
    [...seen].sort((x, y) => x - y),
    expected,
  );
});

test('a pre-vote spends no term and no vote, and waits for no disk', () => {
  const one = new One({ term: 4 });
  const ready = one.campaign();
  assert.equal(ready.role, 'pre-candidate');
  assert.equal(ready.hardState, null);
  assert.equal(one.raft.term, 4);
  const requests = only(ready.messages, 'vote-request');
  assert.deepEqual(
    requests.map(({ to, term }) => [to, term]),
    [
      ['b', 5],
      ['c', 5],
    ],
  );
});

test("a candidate's requests wait until its vote for itself is on its disk", () => {
  const one = new One();
  one.campaign();
  one.step('c', 1, { type: 'vote-response', preVote: true, granted: true });
  const ready = one.take();
  assert.equal(ready.role, 'candidate');
  assert.deepEqual(ready.hardState, { term: 1, vote: 'a', commit: 0 });
  assert.equal(ready.messages.length, 0);
  assert.equal(only(ready.afterDurable, 'vote-request').length, 2);
});

test('refused by a majority, a candidate waits for its next timeout', () => {
  const one = new One();
  one.campaign();
  one.step('b', 0, { type: 'vote-response', preVote: true, granted: false });
  assert.equal(one.raft.role, 'pre-candidate');
  one.step('c', 0, { type: 'vote-response', preVote: true, granted: false });
  assert.equal(one.take().role, 'follower');
  assert.equal(one.campaign().role, 'pre-candidate');
});

test('a vote is granted once in a term, from the disk, and again to the same candidate', () => {
  const one = new One();
  ask(one, 'b', 1, false);
  const ready = one.take();
  assert.deepEqual(ready.hardState, { term: 1, vote: 'b', commit: 0 });
  assert.ok(only(ready.afterDurable, 'vote-response')[0]?.granted);
  ask(one, 'c', 1, false);
  assert.equal(only(one.take().messages, 'vote-response')[0]?.granted, false);
  ask(one, 'b', 1, false);
  assert.ok(only(one.take().afterDurable, 'vote-response')[0]?.granted);
});

test('a vote is remembered across a restart', () => {
  const one = new One({ term: 3, vote: 'b' });
  ask(one, 'c', 3, false);
  assert.equal(only(one.take().messages, 'vote-response')[0]?.granted, false);
});

test('no vote and no pre-vote for a log that is behind', () => {
  const one = new One({ entries: [entry(1, 1), entry(2, 2)], term: 2 });
  for (const preVote of [true, false]) {
    ask(one, 'b', 5, preVote, { term: 1, index: 9 });
    assert.equal(only(one.take().messages, 'vote-response')[0]?.granted, false);
  }
});

test('granting a vote restarts the timer, granting a pre-vote does not', () => {
  const one = new One();
  one.ticks(9);
  ask(one, 'b', 1, false);
  one.take();
  one.ticks(9);
  assert.ok(!one.raft.hasReady());
  const other = new One();
  for (let i = 0; i < 2 * CONFIG.electionTicks && !other.raft.hasReady(); i++) {
    ask(other, 'b', 1, true);
    other.take();
    other.raft.tick();
  }
  assert.equal(other.raft.role, 'pre-candidate');
});

test('a refused pre-vote carries a higher term, which is taken over', () => {
  const one = new One({ term: 4 });
  one.campaign();
  one.step('b', 7, { type: 'vote-response', preVote: true, granted: false });
  assert.equal(one.raft.term, 7);
  assert.equal(one.raft.role, 'follower');
});

test('the first answer of a voter stands', () => {
  const one = new One({ members: ['a', 'b', 'c', 'd', 'e'] });
  one.campaign();
  for (const [from, granted] of [
    ['b', true],
    ['b', false],
    ['c', false],
    ['d', false],
  ] as const) {
    one.step(from, granted ? 1 : 0, { type: 'vote-response', preVote: true, granted });
  }
  assert.equal(one.raft.role, 'pre-candidate');
  one.step('e', 1, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.role, 'candidate');
});

test('an answer of another campaign does not count', () => {
  const one = new One({ term: 4 });
  one.campaign();
  one.step('b', 4, { type: 'vote-response', preVote: true, granted: true });
  assert.equal(one.raft.role, 'pre-candidate');
  one.step('b', 5, { type: 'vote-response', preVote: false, granted: true });
  assert.equal(one.raft.role, 'follower');
});

test('when the connection to the leader closes, the first voter tries at once', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  one.raft.peerGone('b');
  const ready = one.take();
  assert.equal(ready.role, 'pre-candidate');
  assert.equal(ready.leader, null);
});

test('the others wait for their rank, and not at all once a leader is heard', () => {
  for (const heard of [false, true]) {
    const one = new One({ members: ['0', 'a', 'b'] });
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    one.take();
    one.raft.peerGone('b');
    assert.equal(one.take().role, 'follower');
    one.ticks(CONFIG.campaignDelayTicks - 1);
    assert.ok(!one.raft.hasReady());
    if (heard) {
      one.step('0', 2, { type: 'heartbeat-request', commit: 0, round: 0 });
      one.take();
    }
    one.raft.tick();
    assert.equal(one.raft.role, heard ? 'follower' : 'pre-candidate');
  }
});

test('that anyone else has gone is no reason to campaign', () => {
  const one = new One();
  one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
  one.raft.peerGone('c');
  assert.ok(!one.raft.hasReady());
  assert.equal(one.raft.leader, 'b');
});

test('learners, strangers and members without a membership never campaign', () => {
  for (const members of [['(a)', 'b'], ['b', 'c'], []]) {
    const one = new One({ members });
    one.ticks(5 * CONFIG.electionTicks);
    assert.ok(!one.raft.hasReady());
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    one.take();
    one.raft.peerGone('b');
    one.ticks(5 * CONFIG.electionTicks);
    assert.equal(one.raft.role, 'follower');
  }
});

test('a member that does not know itself to be a voter answers all the same', () => {
  const one = new One({ members: ['(a)', 'b', 'c'] });
  ask(one, 'b', 1, false);
  assert.ok(only(one.take().afterDurable, 'vote-response')[0]?.granted);
});

test('a single voter leads at the first tick and is silent until its term is on disk', () => {
  const one = new One({ members: ['a', '(b)'] });
  one.raft.tick();
  const ready = one.take();
  assert.equal(ready.role, 'leader');
  assert.equal(ready.messages.length, 0);
  one.propose();
  assert.equal(one.take().messages.length, 0);
  one.ticks(CONFIG.heartbeatTicks);
  assert.ok(!one.raft.hasReady());
  one.durable();
  assert.equal(only(one.take().messages, 'append-request').length, 1);
});
