import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkCommittedReads } from '../../proof/history/committed-reads.ts';
import type { Operation } from '../../proof/history/operation.ts';
import { append, balances, cas, done, list, lost, read, refused, write } from './notation.ts';
import { BANK } from './random-history.ts';

function broken(...history: Operation[]): string[] {
  return checkCommittedReads(history, BANK).map((finding) => finding.broken);
}

const eventual = { level: 'eventual' } as const;

test('a stale value is allowed, one that nobody wrote there is not', () => {
  const history = [done([0, 1], write(1)), done([2, 3], write(2)), lost(4, write(3))];
  for (const value of [null, 1, 2, 3])
    assert.deepEqual(broken(...history, done([8, 9], read(), value, eventual)), []);
  const strange = ['I5: value 4 was read, which nobody wrote there (register 0)'];
  assert.deepEqual(broken(...history, done([8, 9], read(), 4, eventual)), strange);
  const elsewhere = ['I5: value 1 was read, which nobody wrote there (register 5)'];
  assert.deepEqual(broken(...history, done([8, 9], read(5), 1, eventual)), elsewhere);
});

test('what was rejected or had no effect is not read', () => {
  const rejected = refused(0, write(1));
  assert.deepEqual(broken(rejected, done([8, 9], read(), 1, eventual)), [
    'I5: the value of a rejected write was read (register 0)',
  ]);
  const without = done([0, 1], cas(7, 8), false);
  assert.deepEqual(broken(without, done([8, 9], read(), 8, eventual)), [
    'I5: the value of a write that had no effect was read (register 0)',
  ]);
});

test('what a transaction reads before it writes is committed, too', () => {
  const rejected = refused(0, append(1));
  const reads = (before: number[]): Operation => ({
    ...done([4, 5], append(2)),
    outcome: { kind: 'ok', observed: null, before },
  });
  assert.deepEqual(broken(rejected, reads([])), []);
  assert.deepEqual(broken(rejected, reads([1])), [
    'I5: the value of a rejected write was read (list 0)',
  ]);
});

test('nothing is read before it is asked for', () => {
  assert.deepEqual(broken(done([0, 1], read(), 1, eventual), done([2, 3], write(1))), [
    'I5: a value was read before it was written (register 0)',
  ]);
});

test('every list read is a beginning of the longest', () => {
  const appends = [done([0, 1], append(1)), done([0, 1], append(2)), lost(0, append(3))];
  const final = done([20, 21], list(), [1, 2, 3]);
  for (const values of [[], [1], [1, 2]])
    assert.deepEqual(broken(...appends, final, done([8, 9], list(), values, eventual)), []);
  const forked = ['I5: neither list read is a beginning of the other (list 0)'];
  for (const values of [[2], [1, 3], [2, 1]])
    assert.deepEqual(broken(...appends, final, done([8, 9], list(), values, eventual)), forked);
});

test('the money in a bank is all there in every read', () => {
  const rule = ['I5: 3 accounts hold 30 together, none less than 0 (bank 0)'];
  assert.deepEqual(broken(done([0, 1], balances, [4, 16, 10], eventual)), []);
  for (const wrong of [
    [4, 10, 10],
    [-1, 21, 10],
    [15, 15],
  ])
    assert.deepEqual(broken(done([0, 1], balances, wrong, eventual)), rule);
});
