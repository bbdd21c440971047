import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Operation } from '../../proof/history/operation.ts';
import { checkCopies, checkSessions } from '../../proof/history/sessions.ts';
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

test('a read that was given a token shows what its owner had written and read by then, at any level', () => {
  const theirs = done([0, 1], append(5), null, two(3));
  const later = done([2, 3], append(6), null, two(4));
  const given = (values: readonly number[], at: number): Operation => ({
    ...done([6, 7], list(), values, { client: 1, level: 'eventual' }),
    after: { client: 2, at },
  });
  assert.deepEqual(broken(theirs, later, given([5], 1)), []);
  assert.deepEqual(broken(theirs, later, given([], 1)), ['token (list 0)']);
  assert.deepEqual(broken(theirs, later, given([5], 3)), ['token (list 0)']);
  const seen = done([4, 5], list(1), [9], { client: 2, level: 'eventual' });
  const write9 = done([0, 1], append(9, 1), null, { client: 3, index: 9 });
  assert.deepEqual(broken(theirs, later, write9, seen, given([5, 6], 5)), []);
  const between = done([0, 2], append(7), null, { client: 3, index: 8 });
  assert.deepEqual(broken(theirs, later, between, write9, seen, given([5, 6], 5)), [
    'token (list 0)',
  ]);
});

test('what came with a token is part of the session from then on', () => {
  const theirs = done([0, 1], append(5), null, two(3));
  const given = {
    ...done([2, 3], read(), null, { client: 1, level: 'eventual' }),
    after: { client: 2, at: 1 },
  };
  assert.deepEqual(broken(theirs, given, done([4, 5], list(), [5], one())), []);
  assert.deepEqual(broken(theirs, given, done([4, 5], list(), [], one())), [
    'monotonic reads (list 0)',
  ]);
});

test('what a handle does at the same time need not be seen', () => {
  const own = done([0, 4], append(5), null, one(3));
  assert.deepEqual(broken(own, done([2, 6], list(), [], one())), []);
  assert.deepEqual(broken(own, done([4, 6], list(), [], one())), ['read your writes (list 0)']);
});

test('a session sees its writes that were acknowledged below a majority, too', () => {
  const own: Operation = { ...done([0, 1], append(5), null, one(3)), returned: null };
  assert.deepEqual(broken(own, done([2, 3], list(), [], one())), []);
  const told = { ...own, acknowledged: 1 };
  assert.deepEqual(broken(told, done([2, 3], list(), [], one())), ['read your writes (list 0)']);
});

test('reads of one copy do not go back, and reads of another one may', () => {
  const at = (called: number, values: readonly number[], copy: number): Operation => ({
    ...done([called, called + 1], list(), values, { client: called, level: 'eventual' }),
    copy,
  });
  const rules = (...history: Operation[]) => checkCopies(history).map(({ broken }) => broken);
  assert.deepEqual(rules(at(0, [1, 2], 1), at(2, [1], 2), at(4, [1, 2], 1)), []);
  assert.deepEqual(rules(at(0, [1, 2], 1), at(2, [1], 1)), ['monotonic reads (list 0)']);
});
