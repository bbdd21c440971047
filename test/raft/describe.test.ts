import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  describeEntries,
  describeEntry,
  describeHardState,
  describeId,
  describeMembership,
  describeMessage,
  describeRaft,
  describeReady,
} from '../../src/raft/describe.ts';
import { membership } from './member-fixture.ts';
import { entry, message, One } from './one-raft.ts';

test('an entry is named by term and index', () => {
  assert.equal(describeId({ term: 2, index: 7 }), '2:7');
  assert.equal(describeEntry(entry(2, 7, 30)), '2:7 30 B');
  assert.equal(describeEntry(entry(2, 7, 0, membership('a', '(b)'))), '2:7 0 B {a (b)}');
});

test('many entries are a range that names the changes of membership', () => {
  assert.equal(describeEntries([]), '[]');
  assert.equal(describeEntries([entry(1, 3)]), '[1:3]');
  const entries = [entry(1, 3), entry(1, 4, 0, membership('a')), entry(2, 5)];
  assert.equal(describeEntries(entries), '[1:3..2:5 4={a}]');
});

test('learners are in parentheses', () => {
  assert.equal(describeMembership(membership('a', '(b)', 'c')), '{a (b) c}');
});

test('every message has its line', () => {
  const last = { term: 1, index: 4 };
  const lines = [
    message('b', 2, { type: 'vote-request', preVote: true, last, transfer: false }),
    message('b', 2, { type: 'vote-request', preVote: false, last, transfer: true }),
    message('b', 2, { type: 'vote-response', preVote: false, granted: true }),
    message('b', 2, { type: 'append-request', previous: last, entries: [], commit: 3 }),
    message('b', 2, { type: 'append-response', accepted: true, match: 4, rejected: 0, hint: last }),
    message('b', 2, {
      type: 'append-response',
      accepted: false,
      match: 0,
      rejected: 9,
      hint: last,
    }),
    message('b', 2, { type: 'heartbeat-request', commit: 3, round: 8 }),
    message('b', 2, { type: 'heartbeat-response', round: 8, promiseTicks: 0 }),
    message('b', 2, { type: 'snapshot-request', snapshot: last, membership: membership('a') }),
    message('b', 2, { type: 'timeout-now' }),
    message('b', 2, { type: 'read-index-request', context: 5 }),
    message('b', 2, { type: 'read-index-response', context: 5, index: 4 }),
  ].map(describeMessage);
  assert.deepEqual(lines, [
    'b→a vote-request t2 pre-vote last 1:4',
    'b→a vote-request t2 vote last 1:4 transfer',
    'b→a vote-response t2 vote granted',
    'b→a append-request t2 after 1:4 [] commit 3',
    'b→a append-response t2 match 4',
    'b→a append-response t2 rejected 9 hint 1:4',
    'b→a heartbeat-request t2 commit 3 round 8',
    'b→a heartbeat-response t2 round 8',
    'b→a snapshot-request t2 1:4 {a}',
    'b→a timeout-now t2',
    'b→a read-index-request t2 context 5',
    'b→a read-index-response t2 context 5 index 4',
  ]);
});

test('a Ready shows what there is to do, and a state where things stand', () => {
  const one = new One();
  one.lead(false);
  one.propose();
  one.raft.readIndex(1);
  assert.equal(
    describeReady(one.take()),
    'leader t1 leader a commit 0 | entries [1:1] | messages 2',
  );
  assert.equal(
    describeRaft(one.raft),
    [
      'a leader t1 leader a commit 0 last 1 {a b c}',
      'b probe match 0 next 1',
      'c probe match 0 next 1',
    ].join(' | '),
  );
  one.step('b', 3, { type: 'heartbeat-request', commit: 0, round: 0 });
  assert.equal(
    describeReady(one.take()),
    'follower t3 leader b commit 0 | hard t3 vote - commit 0 | messages 1 | read 1 failed',
  );
  assert.equal(describeHardState({ term: 3, vote: 'b', commit: 2 }), 't3 vote b commit 2');
});
