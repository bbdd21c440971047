import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membership } from './member-fixture.ts';
import { entry, One, only } from './one-raft.ts';

const SNAPSHOT = { term: 2, index: 9 };
const MEMBERS = membership('a', 'b', 'c');

function request(one: One, snapshot = SNAPSHOT): void {
  one.step('b', 3, { type: 'snapshot-request', snapshot, membership: MEMBERS });
}

test('a follower that lacks the entry reports the need, again when asked again', () => {
  const one = new One({ entries: [entry(1, 1)], term: 1 });
  request(one);
  assert.deepEqual(one.take().snapshotNeed, { from: 'b', snapshot: SNAPSHOT, membership: MEMBERS });
  assert.equal(one.raft.leader, 'b');
  request(one);
  assert.notEqual(one.take().snapshotNeed, null);
});

test('a follower that has the entry says so instead, and keeps what follows it', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2), entry(1, 3)], term: 1 });
  request(one, { term: 1, index: 2 });
  const ready = one.take();
  assert.equal(ready.snapshotNeed, null);
  assert.equal(only(ready.afterDurable, 'append-response')[0]?.match, 2);
  assert.equal(one.raft.lastIndex, 3);
});

test('only a snapshot that brings something is needed', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2), entry(1, 3)], term: 1, commit: 2 });
  assert.ok(!one.raft.needsSnapshot({ term: 1, index: 1 }));
  assert.ok(!one.raft.needsSnapshot({ term: 1, index: 3 }));
  assert.ok(one.raft.needsSnapshot({ term: 2, index: 3 }));
  assert.ok(one.raft.needsSnapshot({ term: 2, index: 4 }));
});

test('after a snapshot the member continues from there and tells the leader, from its disk', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  request(one);
  one.take();
  one.log.reset(SNAPSHOT, membership('a', 'b'));
  one.log.flush();
  one.raft.restored(SNAPSHOT, membership('a', 'b'));
  const ready = one.take();
  assert.equal(ready.commit, 9);
  assert.deepEqual(one.raft.membership, membership('a', 'b'));
  const [answer] = only(ready.afterDurable, 'append-response');
  assert.deepEqual([answer?.to, answer?.match], ['b', 9]);
  const next = entry(3, 10);
  one.step('b', 3, { type: 'append-request', previous: SNAPSHOT, entries: [next], commit: 9 });
  assert.deepEqual(one.take().entries, [next]);
});

test('a snapshot never takes a commit back', () => {
  const entries = [entry(1, 1), entry(1, 2)];
  const one = new One({ entries, term: 1, commit: 2 });
  const old = { term: 1, index: 1 };
  one.log.reset(old, MEMBERS);
  assert.throws(() => one.raft.restored(old, MEMBERS), { name: 'AssertionError' });
});

test('acknowledgements of a log that the snapshot replaced are not sent', () => {
  const one = new One({ entries: [entry(1, 1)], term: 1 });
  const previous = { term: 1, index: 1 };
  one.step('b', 3, { type: 'append-request', previous, entries: [entry(1, 2)], commit: 0 });
  one.log.reset(SNAPSHOT, MEMBERS);
  one.raft.restored(SNAPSHOT, MEMBERS);
  const answers = only(one.take().afterDurable, 'append-response');
  assert.deepEqual(
    answers.map(({ match }) => match),
    [9],
  );
});
