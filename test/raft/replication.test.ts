import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ORIGIN } from '../../src/raft/entry.ts';
import { membership } from './member-fixture.ts';
import { entry, One, only } from './one-raft.ts';

function reject(one: One, from: string, rejected: number, hint = ORIGIN): void {
  const body = { accepted: false, match: 0, rejected, hint };
  one.step(from, one.raft.term, { type: 'append-response', ...body });
}

function previousTo(one: One, to: string): number | undefined {
  return only(one.take().messages, 'append-request').find((one) => one.to === to)?.previous.index;
}

test('entries must be numbered by the caller, in the term of the leader', () => {
  const one = new One();
  one.lead();
  assert.throws(() => one.raft.propose(entry(1, 3)), { name: 'AssertionError' });
  assert.throws(() => one.raft.propose(entry(2, 2)), { name: 'AssertionError' });
  one.raft.propose(entry(1, 2));
  assert.equal(one.raft.lastIndex, 2);
});

test('only a leader proposes', () => {
  const one = new One();
  assert.ok(!one.raft.canPropose());
  assert.throws(() => one.raft.propose(entry(0, 1)), { name: 'AssertionError' });
});

test('a change of membership is in force when proposed', () => {
  const one = new One();
  one.lead();
  one.propose(1, membership('a', 'b'));
  assert.equal(one.raft.membership.length, 2);
});

test('a second change waits until the first is committed', () => {
  const one = new One();
  one.lead();
  one.propose(1, membership('a', 'b'));
  one.take();
  assert.throws(() => one.propose(1, membership('a')), { code: 'REQUEST_INVALID' });
  assert.throws(() => one.raft.checkMembershipChange(membership('a')), { code: 'REQUEST_INVALID' });
  assert.equal(one.raft.lastIndex, 2);
  one.durable();
  one.acknowledge('b', 2);
  one.raft.checkMembershipChange(membership('a'));
  one.propose(1, membership('a'));
});

test('a change waits until the leader has committed an entry of its term', () => {
  const one = new One({ entries: [entry(1, 1)], term: 1, commit: 1 });
  one.lead(false);
  assert.throws(() => one.propose(1, membership('a', 'b')), { code: 'REQUEST_INVALID' });
});

test('a change of more than one voter is refused', () => {
  const one = new One();
  one.lead();
  assert.throws(() => one.propose(1, membership('a')), { code: 'REQUEST_INVALID' });
  assert.throws(() => one.propose(1, []), { code: 'REQUEST_INVALID' });
});

test('a smaller quorum may be reached by the change itself', () => {
  const one = new One({ members: ['a', 'b'] });
  one.lead();
  one.propose(1, membership('a'));
  one.take();
  assert.equal(one.raft.commit, 1);
  one.durable();
  assert.equal(one.raft.commit, 2);
});

test('a refusal takes the leader to the hint, or to the last entry of its term that it has', () => {
  const entries = [entry(1, 1), entry(1, 2), entry(3, 3), entry(3, 4), entry(3, 5)];
  const one = new One({ entries, term: 3 });
  one.lead(false);
  one.propose();
  one.take();
  reject(one, 'b', 5, { term: 2, index: 4 });
  assert.equal(previousTo(one, 'b'), 2);
  reject(one, 'c', 5, { term: 1, index: 1 });
  assert.equal(previousTo(one, 'c'), 1);
});

test('who is no member is not listened to', () => {
  const one = new One();
  one.lead();
  one.acknowledge('x', 1);
  reject(one, 'x', 1);
  assert.ok(!one.raft.hasReady());
});

test('an acknowledgement of what the leader does not have is a broken invariant', () => {
  const one = new One();
  one.lead();
  assert.throws(() => one.acknowledge('b', 99), { name: 'AssertionError' });
});
