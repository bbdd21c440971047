import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, entry, One, only } from './one-raft.ts';

const LAST = { term: 0, index: 0 };
const PROTECTED = { config: { protectLeader: true } };

function hear(one: One, term = 1): void {
  one.step('b', term, { type: 'heartbeat-request', commit: 0, round: 0 });
  one.take();
}

/** Whether it gives `c` its pre-vote now. */
function wouldVote(one: One): boolean {
  one.step('c', one.raft.term + 1, {
    type: 'vote-request',
    preVote: true,
    last: LAST,
    transfer: false,
  });
  if (!one.raft.hasReady()) return false;
  return only(one.take().messages, 'vote-response').some(({ granted }) => granted);
}

test('a voter that has heard a leader helps nobody else for an election timeout, also when the connection closed', () => {
  const one = new One(PROTECTED);
  one.ticks(CONFIG.electionTicks - 1);
  hear(one);
  one.raft.peerGone('b');
  if (one.raft.hasReady()) one.take();
  for (let tick = 0; tick < CONFIG.electionTicks; tick++) {
    assert.equal(wouldVote(one), false, `after ${tick} ticks`);
    one.ticks(1);
    assert.notEqual(one.raft.role, 'candidate');
  }
  assert.equal(wouldVote(one), true);
});

test('without that promise it helps at once', () => {
  const one = new One();
  hear(one);
  one.raft.peerGone('b');
  one.take();
  assert.equal(wouldVote(one), true);
});

test('it does not campaign on a hint either while it is bound, and does soon after', () => {
  const one = new One(PROTECTED);
  hear(one);
  one.raft.peerGone('b');
  if (one.raft.hasReady()) one.take();
  one.ticks(CONFIG.electionTicks - 1);
  assert.equal(one.raft.role, 'follower');
  one.ticks(1);
  assert.equal(one.raft.role, 'pre-candidate');
});

test('after a start it is bound as if it had heard a leader just before', () => {
  const one = new One({ ...PROTECTED, term: 3, entries: [entry(3, 1)] });
  one.ticks(CONFIG.electionTicks - 1);
  const asked = { type: 'vote-request', preVote: false, last: { term: 3, index: 1 } } as const;
  one.step('c', 4, { ...asked, transfer: false });
  assert.equal(one.raft.hasReady(), false);
  assert.equal(one.raft.term, 3);
  one.step('c', 4, { ...asked, transfer: true }); // by order of the leader itself
  assert.equal(one.take().afterDurable.length, 1);
});

for (const protectLeader of [true, false])
  test(`a promise from before a start is kept, though ${protectLeader ? 'a shorter one is' : 'none is'} given now`, () => {
    const promisedTicks = 5 * CONFIG.electionTicks;
    const one = new One({ config: { protectLeader, promisedTicks } });
    hear(one);
    one.raft.peerGone('b');
    if (one.raft.hasReady()) one.take();
    for (let tick = 0; tick < promisedTicks; tick++) {
      assert.equal(wouldVote(one), false, `after ${tick} ticks`);
      assert.equal(one.raft.role, 'follower');
      one.ticks(1);
    }
    assert.equal(one.raft.role, 'pre-candidate', 'it is free, and its own time was up long ago');
    assert.equal(wouldVote(one), true);
  });

test('a promise from before a start keeps nobody from following, nor a leader from handing over', () => {
  const one = new One({ config: { promisedTicks: 50 } });
  hear(one);
  assert.equal(one.raft.leader, 'b');
  one.step('b', 1, { type: 'timeout-now' });
  assert.equal(one.raft.role, 'candidate');
});

test('the only voter need not wait for a promise that it gave when there were others', () => {
  const one = new One({ members: ['a'], config: { promisedTicks: 50 } });
  one.ticks(1);
  assert.equal(one.raft.role, 'leader');
});

test('a leader may hold a lease once an entry of its term is committed, and never again after it asked another to campaign', () => {
  const one = new One(PROTECTED);
  one.lead(false);
  assert.equal(one.raft.leaseTicks(), 0);
  one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 1);
  one.take();
  assert.equal(one.raft.leaseTicks(), CONFIG.electionTicks);
  one.raft.transferLeadership('b');
  assert.equal(one.raft.leaseTicks(), 0);
  for (let i = 0; i < CONFIG.electionTicks; i++) {
    one.acknowledge('b', 1);
    one.ticks(1);
    if (one.raft.hasReady()) one.take();
  }
  assert.equal(one.raft.canPropose(), true);
  assert.equal(one.raft.leaseTicks(), 0);
});

test('without the promise of voters no leader may hold a lease', () => {
  const one = new One();
  one.lead();
  assert.equal(one.raft.leaseTicks(), 0);
});

test('a lease lasts as long as the shortest promise of a voter; one that has none may confirm no lease', () => {
  const one = new One(PROTECTED);
  one.lead();
  const { electionTicks } = CONFIG;
  const answer = (from: string, promiseTicks: number) =>
    one.step(from, one.raft.term, { type: 'heartbeat-response', round: 0, promiseTicks });
  answer('b', electionTicks + 5);
  assert.equal(one.raft.leaseTicks(), electionTicks);
  answer('c', electionTicks - 2);
  assert.equal(one.raft.leaseTicks(), electionTicks - 2);
  answer('b', 0);
  assert.equal(one.raft.leaseTicks(), 0);
});

test('a voter answers with the time for which it helps nobody else to lead', () => {
  const promise = (options?: typeof PROTECTED) => {
    const one = new One(options);
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    return only(one.take().messages, 'heartbeat-response')[0]?.promiseTicks;
  };
  assert.equal(promise(PROTECTED), CONFIG.electionTicks);
  assert.equal(promise(), 0);
});
