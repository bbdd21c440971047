import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry, EntryId } from '../../src/raft/entry.ts';
import { entry, One, only } from './one-raft.ts';

const LOG = [entry(1, 1), entry(1, 2), entry(2, 3), entry(2, 4)];

function follower(commit = 0): One {
  return new One({ entries: LOG, term: 2, commit });
}

function append(one: One, previous: EntryId, entries: Entry[], commit = 0, term = 3): void {
  one.step('b', term, { type: 'append-request', previous, entries, commit });
}

test('entries behind a matching one are taken, and acknowledged only from the disk', () => {
  const one = follower();
  append(one, { term: 2, index: 4 }, [entry(3, 5), entry(3, 6)]);
  const ready = one.take();
  assert.deepEqual(ready.entries, [entry(3, 5), entry(3, 6)]);
  assert.equal(ready.messages.length, 0);
  const [answer] = only(ready.afterDurable, 'append-response');
  assert.ok(answer?.accepted);
  assert.equal(answer.match, 6);
  assert.equal(ready.leader, 'b');
});

test('a gap is refused with a hint where to go on', () => {
  const one = follower();
  append(one, { term: 3, index: 9 }, [entry(3, 10)]);
  const [answer] = only(one.take().afterDurable, 'append-response');
  assert.equal(answer?.accepted, false);
  assert.equal(answer?.rejected, 9);
  assert.deepEqual(answer?.hint, { term: 2, index: 4 });
});

test('the hint leaps over all entries of a term that cannot match', () => {
  const one = follower();
  append(one, { term: 1, index: 4 }, []);
  const [answer] = only(one.take().afterDurable, 'append-response');
  assert.deepEqual(answer?.hint, { term: 1, index: 2 });
});

test('a conflicting entry goes, with all behind it', () => {
  const one = follower();
  append(one, { term: 1, index: 2 }, [entry(3, 3)]);
  const ready = one.take();
  assert.equal(ready.truncateFrom, 3);
  assert.deepEqual(ready.entries, [entry(3, 3)]);
  assert.equal(one.raft.lastIndex, 3);
});

test('a repeated or late request truncates nothing that it does not mention', () => {
  const one = follower();
  append(one, { term: 1, index: 1 }, [entry(1, 2)]);
  const ready = one.take();
  assert.equal(ready.truncateFrom, null);
  assert.equal(ready.entries.length, 0);
  assert.equal(one.raft.lastIndex, 4);
  const [answer] = only(ready.afterDurable, 'append-response');
  assert.equal(answer?.match, 2);
});

test('the commit index follows only as far as the request has shown the logs to match', () => {
  const one = follower();
  append(one, { term: 1, index: 1 }, [entry(1, 2)], 4);
  assert.equal(one.take().commit, 2);
  append(one, { term: 2, index: 4 }, [], 3);
  assert.equal(one.take().commit, 3);
});

test('a request from before our commit index is answered with that', () => {
  const one = follower(3);
  append(one, { term: 1, index: 1 }, []);
  const [answer] = only(one.take().afterDurable, 'append-response');
  assert.equal(answer?.match, 3);
});

test('a committed entry is never given up', () => {
  const one = follower(3);
  const conflicting = () => append(one, { term: 1, index: 2 }, [entry(3, 3)]);
  assert.throws(conflicting, { name: 'AssertionError', message: /I3/ });
});

test('entries that do not follow each other are refused as damaged, not asserted', () => {
  const damaged = { code: 'RECORD_DAMAGED' };
  const one = follower();
  assert.throws(() => append(one, { term: 2, index: 4 }, [entry(3, 6)]), damaged);
  assert.throws(() => append(one, { term: 2, index: 4 }, [entry(1, 5)]), damaged);
  assert.throws(() => append(one, { term: 2, index: 4 }, [entry(4, 5)]), damaged);
  assert.equal(one.raft.lastIndex, 4);
});

test('a leader of a past term is told ours at once, and nothing is taken from it', () => {
  const one = follower();
  append(one, { term: 2, index: 4 }, [entry(1, 5)], 0, 1);
  const ready = one.take();
  assert.equal(one.raft.lastIndex, 4);
  const [answer] = only(ready.messages, 'append-response');
  assert.equal(answer?.term, 2);
  assert.equal(answer?.accepted, false);
});

test('a change of membership is in force when appended, and gone when truncated', () => {
  const one = follower();
  const change = one.raft.membership.filter(({ id }) => id !== 'c');
  append(one, { term: 2, index: 4 }, [entry(3, 5, 1, change)]);
  assert.equal(one.raft.membership.length, 2);
  one.take();
  append(one, { term: 2, index: 4 }, [entry(4, 5)], 0, 4);
  assert.equal(one.raft.membership.length, 3);
});
