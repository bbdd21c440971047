import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../proof/history/operation.ts';
import { checkSessions } from '../../proof/history/sessions.ts';
import { append, cas, done, list, lost, read, transfer, write } from './notation.ts';

function broken(...history: Operation[]): string[] {
  return checkSessions(history).map((finding) => finding.broken);
}

/** What client 1 does at level session. */
const one = (index?: number) => ({
  client: 1,
  level: 'session' as const,
  ...(index === undefined ? {} : { index }),
});
/** What client 2 does. */
const two = (index: number) => ({ client: 2, index });

test('a client reads its own writes', () => {
  const own = done([0, 1], append(5), null, one(3));
  assert.deepEqual(broken(own, done([2, 3], list(), [5], one())), []);
  assert.deepEqual(broken(own, done([2, 3], list(), [], one())), ['read your writes (list 0)']);
  const value = done([0, 1], write(5), null, one(3));
  assert.deepEqual(broken(value, done([2, 3], read(), 5, one())), []);
  assert.deepEqual(broken(value, done([2, 3], read(), null, one())), [
    'read your writes (register 0)',
  ]);
});

test('another client need not see them', () => {
  const theirs = done([0, 1], append(5), null, two(3));
  assert.deepEqual(broken(theirs, done([2, 3], list(), [], one())), []);
});

test('a client may read at level eventual whatever was once there', () => {
  const own = done([0, 1], append(5), null, one(3));
  const stale = done([2, 3], list(), [], { client: 1, level: 'eventual' });
  assert.deepEqual(broken(own, stale), []);
});

test('an older value than the own one is no read of the own write; a newer one is', () => {
  const older = done([0, 1], write(4), null, two(2));
  const own = done([2, 3], write(5), null, one(3));
  const newer = done([4, 5], write(6), null, two(4));
  const reads = (value: number) => broken(older, own, newer, done([6, 7], read(), value, one()));
  assert.deepEqual(reads(4), ['read your writes (register 0)']);
  assert.deepEqual([...reads(5), ...reads(6)], []);
});

test('reads do not go back', () => {
  const longer = done([0, 1], list(), [1, 2], one());
  assert.deepEqual(broken(longer, done([2, 3], list(), [1, 2, 3], one())), []);
  assert.deepEqual(broken(longer, done([2, 3], list(), [1], one())), ['monotonic reads (list 0)']);
  assert.deepEqual(broken(longer, done([2, 3], list(), [2, 1], one())), [
    'monotonic reads (list 0)',
  ]);
});

test('reads do not go back from one object to the next', () => {
  const writes = [done([0, 1], append(1), null, two(2)), done([2, 3], write(9), null, two(3))];
  const sawSecond = done([4, 5], read(), 9, one());
  assert.deepEqual(broken(...writes, sawSecond, done([6, 7], list(), [1], one())), []);
  assert.deepEqual(broken(...writes, sawSecond, done([6, 7], list(), [], one())), [
    'monotonic reads (list 0)',
  ]);
});

test('reads that say their positions do not go back, whatever they read', () => {
  const balances = { kind: 'balances', bank: 0 } as const;
  const first = done([0, 1], balances, [10, 10], one(8));
  assert.deepEqual(broken(first, done([2, 3], balances, [10, 10], one(8))), []);
  assert.deepEqual(broken(first, done([2, 3], balances, [10, 10], one(7))), [
    'monotonic reads (bank 0)',
  ]);
  const own = done([0, 1], transfer(0, 1, 1), true, one(8));
  assert.deepEqual(broken(own, done([2, 3], balances, [10, 10], one(7))), [
    'read your writes (bank 0)',
  ]);
});

test('writes come after the writes before them', () => {
  const first = done([0, 1], append(1), null, one(5));
  assert.deepEqual(broken(first, done([2, 3], write(2), null, one(6))), []);
  assert.deepEqual(broken(first, done([2, 3], write(2), null, one(5))), [
    'monotonic writes (register 0)',
  ]);
});

test('writes come after what was read before them', () => {
  const theirs = done([0, 9], write(1), null, two(5));
  const seen = done([1, 2], read(), 1, one());
  assert.deepEqual(broken(theirs, seen, done([3, 4], append(2), null, one(6))), []);
  assert.deepEqual(broken(theirs, seen, done([3, 4], append(2), null, one(4))), [
    'writes follow reads (list 0)',
  ]);
});

test('what has no effect has no place among the writes', () => {
  const first = done([0, 1], write(1), null, one(5));
  assert.deepEqual(broken(first, done([2, 3], cas(7, 8), false, one(5))), []);
});

test('a value of unknown outcome says nothing about its age', () => {
  const own = done([0, 1], write(5), null, one(3));
  assert.deepEqual(broken(lost(0, write(6), 2), own, done([2, 3], read(), 6, one())), []);
});
