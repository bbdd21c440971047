import assert from 'node:assert/strict';
import { test } from 'node:test';
import { membership } from './member-fixture.ts';
import { One, only } from './one-raft.ts';

test('a leader follows the progress of every other member, learners included, by id', () => {
  const one = new One({ members: ['(d)', 'c', 'a', 'b'] });
  one.lead();
  assert.deepEqual([...one.raft.progress().keys()], ['b', 'c', 'd']);
});

test('a new member is sent to at once, a removed one no more', () => {
  const one = new One();
  one.lead();
  one.acknowledge('c', 1);
  one.take();
  one.propose(1, membership('a', 'b', 'c', '(d)'));
  const ready = one.take();
  assert.deepEqual(
    only(ready.messages, 'append-request').map(({ to }) => to),
    ['b', 'c', 'd'],
  );
  one.durable();
  one.acknowledge('b', 2);
  one.take();
  one.propose(1, membership('a', 'b', '(d)'));
  const next = one.take();
  assert.deepEqual(
    only(next.messages, 'append-request').map(({ to }) => to),
    ['b'],
  );
  assert.deepEqual([...one.raft.progress().keys()], ['b', 'd']);
});

test('what is known of the members that stay is kept', () => {
  const one = new One();
  one.lead();
  one.propose(1, membership('a', 'b'));
  assert.equal(one.raft.progress().get('b')?.match, 1);
});

test('a transfer to a removed member ends', () => {
  const one = new One();
  one.lead();
  one.propose(1, membership('a', 'b'));
  assert.throws(() => one.raft.transferLeadership('c'), { code: 'REQUEST_INVALID' });
  assert.ok(one.raft.canPropose());
});
