import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SnapshotSources, sendersInOrder } from '../../src/member/snapshot-sources.ts';

const MEMBERS = ['a', 'b', 'c', 'd'].map((id) => ({ id, address: id, voter: id !== 'd' }));

test('followers are asked before the leader, learners too, and nobody asks himself', () => {
  assert.deepEqual(sendersInOrder(MEMBERS, 'c', 'a'), ['b', 'd', 'a']);
  assert.deepEqual(sendersInOrder(MEMBERS.slice(0, 2), 'b', 'a'), ['a']);
  assert.deepEqual(sendersInOrder(MEMBERS, 'a', 'a'), ['b', 'c', 'd']);
});

test('one that was passed over is asked again only after a while', () => {
  const sources = new SnapshotSources();
  const able = ['b', 'a'];
  assert.equal(sources.next(able, 0), 'b');
  sources.passOver('b', 0);
  assert.equal(sources.next(able, 0), 'a');
  sources.passOver('a', 0);
  assert.equal(sources.next(able, 999), null);
  assert.equal(sources.next(able, 1000), 'b');
});

test('one that is not there cannot be next', () => {
  const sources = new SnapshotSources();
  assert.equal(sources.next([], 0), null);
  sources.passOver('b', 0);
  assert.equal(sources.next(['b'], 0), null);
});

test('one whose snapshot was of no use is asked last, the leader not excepted', () => {
  const sources = new SnapshotSources();
  const able = ['b', 'c', 'a'];
  sources.wasBad('b');
  assert.equal(sources.next(able, 0), 'c');
  sources.wasBad('c');
  assert.equal(sources.next(able, 0), 'a');
  sources.wasBad('a');
  assert.equal(sources.next(able, 0), 'b', 'when all are bad, the order is as at first');
});
