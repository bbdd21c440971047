import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkNextMembership,
  isVoter,
  MembershipHistory,
  votersOf,
} from '../../src/raft/membership.ts';
import { membership } from './member-fixture.ts';
import { MemoryLog } from './memory-log.ts';
import { entry } from './one-raft.ts';

const ABC = membership('a', 'b', 'c');
const AB = membership('a', 'b');
const REFUSED = { code: 'REQUEST_INVALID' };

test('learners are members and no voters', () => {
  const mixed = membership('a', '(b)', 'c');
  assert.deepEqual(votersOf(mixed), ['a', 'c']);
  assert.ok(!isVoter(mixed, 'b'));
  assert.ok(!isVoter(mixed, 'x'));
});

test('one voter may come or go, learners as they like', () => {
  checkNextMembership(ABC, AB);
  checkNextMembership(AB, ABC);
  checkNextMembership(ABC, membership('a', 'b', '(c)'));
  checkNextMembership(ABC, membership('a', 'b', 'c', '(d)', '(e)'));
  checkNextMembership(membership('a', '(b)', '(c)'), membership('a', 'b'));
});

test('two voters at a time may not, nor may one replace another', () => {
  assert.throws(() => checkNextMembership(ABC, membership('a')), REFUSED);
  assert.throws(() => checkNextMembership(AB, membership('a', 'b', 'c', 'd')), REFUSED);
  assert.throws(() => checkNextMembership(AB, membership('a', 'c')), REFUSED);
});

test('there is always a voter', () => {
  assert.throws(() => checkNextMembership(membership('a'), membership('(a)')), REFUSED);
  assert.throws(() => checkNextMembership(membership('a'), []), REFUSED);
});

test('members are sorted and named once', () => {
  const [a, b] = AB;
  assert.throws(() => checkNextMembership(AB, [b!, a!]), REFUSED);
  assert.throws(() => checkNextMembership(AB, [a!, a!]), REFUSED);
});

test('the latest membership in the log is in force from the start, committed or not', () => {
  const store = new MemoryLog(ABC);
  const entries = [entry(1, 1), entry(1, 2, 1, AB), entry(1, 3)];
  store.write({ truncateFrom: null, entries, hardState: null });
  const history = new MembershipHistory(store);
  assert.deepEqual(history.current, AB);
  assert.equal(history.index, 2);
});

test('a truncated change is taken back', () => {
  const history = new MembershipHistory(new MemoryLog(ABC));
  history.append([entry(1, 1, 1, AB), entry(1, 2, 1, membership('a'))]);
  history.truncate(2);
  assert.deepEqual(history.current, AB);
  history.truncate(1);
  assert.deepEqual(history.current, ABC);
  assert.equal(history.index, 0);
});

test('a committed change cannot be taken back', () => {
  const history = new MembershipHistory(new MemoryLog(ABC));
  history.append([entry(1, 1, 1, AB)]);
  history.committed(1);
  assert.throws(() => history.truncate(1), { name: 'AssertionError' });
});

test('a removed voter may be one until its removal is known to be committed', () => {
  const history = new MembershipHistory(new MemoryLog(ABC));
  history.append([entry(1, 1, 1, AB)]);
  assert.ok(history.mayBeVoter('c'));
  history.committed(1);
  assert.ok(!history.mayBeVoter('c'));
  assert.ok(history.mayBeVoter('a'));
});

test('a snapshot brings its membership', () => {
  const history = new MembershipHistory(new MemoryLog(ABC));
  history.append([entry(1, 1, 1, AB)]);
  history.reset(9, ABC);
  assert.deepEqual(history.current, ABC);
  assert.equal(history.index, 9);
});

test('what belongs to a snapshot is the membership at its index, whatever was appended since', () => {
  const store = new MemoryLog(ABC);
  const history = new MembershipHistory(store);
  history.append([entry(1, 2, 1, AB), entry(1, 5, 1, membership('a'))]);
  const at = (index: number) => votersOf(history.at(index)).join('');
  assert.deepEqual([0, 1, 2, 4, 5, 9].map(at), ['abc', 'abc', 'ab', 'ab', 'a', 'a']);
  history.committed(5);
  assert.deepEqual([1, 2, 5].map(at), ['abc', 'ab', 'a'], 'a commit forgets none of them');
  assert.deepEqual(history.current, membership('a'));
});

test('memberships from before the log are forgotten', () => {
  const store = new MemoryLog(ABC);
  const entries = [entry(1, 1, 1, AB), entry(1, 2), entry(1, 3, 1, membership('a'))];
  store.write({ truncateFrom: null, entries, hardState: null });
  const history = new MembershipHistory(store);
  store.compact(2, AB);
  history.committed(3);
  assert.deepEqual(history.at(2), AB);
  assert.deepEqual(history.at(3), membership('a'));
  assert.throws(() => history.at(1), { name: 'AssertionError' });
});
