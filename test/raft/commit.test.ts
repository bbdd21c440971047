import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entry, One } from './one-raft.ts';

test('a leader counts itself only as far as its own disk', () => {
  const one = new One();
  one.lead();
  const { index } = one.propose();
  one.take();
  one.acknowledge('b', index);
  assert.equal(one.raft.commit, index - 1);
  one.durable();
  assert.equal(one.raft.commit, index);
});

test('the followers alone may be the majority', () => {
  const one = new One();
  one.lead();
  const { index } = one.propose();
  one.take();
  one.acknowledge('b', index);
  one.acknowledge('c', index);
  assert.equal(one.raft.commit, index);
});

test('entries of earlier terms are committed only behind one of the own term', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  one.lead(false);
  one.durable();
  one.acknowledge('b', 2);
  one.acknowledge('c', 2);
  assert.equal(one.raft.commit, 0);
  one.propose();
  one.take();
  one.acknowledge('b', 3);
  one.acknowledge('c', 3);
  assert.equal(one.raft.commit, 3);
});

test('a learner does not count', () => {
  const one = new One({ members: ['a', 'b', 'c', '(d)'] });
  one.lead();
  const { index } = one.propose();
  one.take();
  one.durable();
  one.acknowledge('d', index);
  assert.equal(one.raft.commit, index - 1);
  one.acknowledge('c', index);
  assert.equal(one.raft.commit, index);
});

test('durability of an entry that was replaced is ignored', () => {
  const one = new One({ entries: [entry(1, 1)], term: 1 });
  one.lead();
  one.raft.durable({ term: 1, index: 2 });
  one.raft.durable({ term: 9, index: 9 });
  assert.equal(one.raft.commit, 2);
});

test('a single voter commits by its own disk', () => {
  const one = new One({ members: ['a'] });
  one.raft.tick();
  one.take();
  one.propose();
  assert.equal(one.take().commit, 0);
  one.durable();
  assert.equal(one.take().commit, 1);
});
