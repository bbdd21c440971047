import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLinearizability } from '../../proof/history/linearizability.ts';
import type { Observed, Operation } from '../../proof/history/operation.ts';
import {
  append,
  balances,
  cas,
  done,
  list,
  lost,
  read,
  refused,
  transfer,
  write,
} from './notation.ts';
import { BANK, randomHistory } from './random-history.ts';

function isLinearizable(...history: Operation[]): boolean {
  const { violation, undecided } = checkLinearizability(history, { bank: BANK });
  assert.deepEqual(undecided, []);
  return violation === null;
}

test('a read beside a write may see the old value or the new one', () => {
  const before = [done([0, 1], write(1)), done([2, 6], write(2))];
  assert.ok(isLinearizable(...before, done([3, 4], read(), 1)));
  assert.ok(isLinearizable(...before, done([3, 4], read(), 2)));
  assert.ok(!isLinearizable(...before, done([3, 4], read(), null)));
});

test('once one read has seen the new value, no later one sees the old one', () => {
  const write2 = [done([0, 1], write(1)), done([2, 9], write(2))];
  const newer = done([3, 4], read(), 2);
  assert.ok(!isLinearizable(...write2, newer, done([5, 6], read(), 1)));
  assert.ok(isLinearizable(...write2, newer, done([3.5, 6], read(), 1)));
});

test('a value that nobody wrote cannot be read', () => {
  assert.ok(!isLinearizable(done([0, 1], write(1)), done([2, 3], read(), 7)));
});

test('a read behind an acknowledged write must see it', () => {
  assert.ok(!isLinearizable(done([0, 1], write(1)), done([2, 3], read(), null)));
});

test('writes that overlap may be seen in either order, but by all in the same', () => {
  const writes = [done([0, 9], write(1)), done([0, 9], write(2))];
  const sees = (from: number, value: number) => done([from, from + 0.5], read(), value);
  assert.ok(isLinearizable(...writes, sees(10, 1), sees(11, 1)));
  assert.ok(isLinearizable(...writes, sees(10, 2), sees(11, 2)));
  assert.ok(!isLinearizable(...writes, sees(10, 1), sees(11, 2)));
});

test('a write of unknown outcome may take effect late, or never, but not before its call', () => {
  const first = done([0, 1], write(1));
  const open = lost(2, write(2));
  assert.ok(isLinearizable(first, open, done([50, 51], read(), 1), done([90, 91], read(), 2)));
  assert.ok(isLinearizable(first, open, done([50, 51], read(), 1), done([90, 91], read(), 1)));
  assert.ok(!isLinearizable(first, open, done([50, 51], read(), 2), done([90, 91], read(), 1)));
  assert.ok(!isLinearizable(first, done([1.2, 1.5], read(), 2), open));
});

test('a rejected write did not happen', () => {
  assert.ok(isLinearizable(refused(0, write(1)), done([5, 6], read(), null)));
  assert.ok(!isLinearizable(refused(0, write(1)), done([5, 6], read(), 1)));
});

test('of two compare-and-sets from the same value one succeeds', () => {
  const first = done([0, 1], write(1));
  const both = [done([2, 5], cas(1, 2), true), done([2, 5], cas(1, 3), true)];
  assert.ok(!isLinearizable(first, ...both));
  assert.ok(isLinearizable(first, both[0]!, done([2, 5], cas(1, 3), false)));
});

test('a compare-and-set that was refused has seen another value', () => {
  const first = done([0, 1], write(1));
  assert.ok(!isLinearizable(first, done([2, 3], cas(1, 2), false)));
  assert.ok(isLinearizable(first, lost(1.5, write(9)), done([2, 3], cas(1, 2), false)));
});

test('lists show every append before them, in one order', () => {
  const appends = [done([0, 5], append(1)), done([0, 5], append(2))];
  assert.ok(isLinearizable(...appends, done([6, 7], list(), [2, 1])));
  assert.ok(!isLinearizable(...appends, done([6, 7], list(), [1])));
  assert.ok(!isLinearizable(...appends, done([6, 7], list(), [1, 2, 1])));
  const swapped = [done([6, 7], list(), [1, 2]), done([6, 7], list(), [2, 1])];
  assert.ok(!isLinearizable(...appends, ...swapped));
});

test('appends that nobody saw are in the order of time behind what was seen', () => {
  const unseen = done([0, 1], append(1));
  assert.ok(!isLinearizable(unseen, done([2, 3], append(2)), done([4, 5], list(), [2])));
  assert.ok(!isLinearizable(unseen, done([4, 5], list(), [])));
  assert.ok(isLinearizable(unseen, done([0.5, 5], list(), [])));
});

test('the order of positions binds also where real time does not', () => {
  const at = (index: number) => ({ index });
  const first = done([0, 9], append(1), null, at(7));
  const second = done([0, 9], append(2), null, at(8));
  assert.ok(isLinearizable(first, second, done([10, 11], list(), [1, 2])));
  assert.ok(!isLinearizable(first, second, done([10, 11], list(), [2, 1])));
  const writes = [done([0, 9], write(1), null, at(7)), done([0, 9], write(2), null, at(8))];
  assert.ok(isLinearizable(...writes, done([10, 11], read(), 2)));
  assert.ok(!isLinearizable(...writes, done([10, 11], read(), 1)));
});

test('writes of one commit share a position and may be in either order', () => {
  const both = [1, 2].map((value) => done([0, 9], write(value), null, { index: 7 }));
  assert.ok(isLinearizable(...both, done([10, 11], read(), 1)));
  assert.ok(isLinearizable(...both, done([10, 11], read(), 2)));
});

test('a transfer is seen whole, and refused only when the balance is too small', () => {
  const moved = done([0, 5], transfer(0, 1, 6), true);
  assert.ok(isLinearizable(moved, done([1, 2], balances, [10, 10, 10])));
  assert.ok(isLinearizable(moved, done([1, 2], balances, [4, 16, 10])));
  assert.ok(!isLinearizable(moved, done([1, 2], balances, [4, 10, 10])));
  assert.ok(isLinearizable(moved, done([6, 7], transfer(0, 2, 5), false)));
  assert.ok(!isLinearizable(moved, done([6, 7], transfer(0, 2, 4), false)));
  assert.ok(!isLinearizable(moved, done([6, 7], transfer(0, 2, 5), true)));
});

test('reads below level strong are not judged', () => {
  const stale = done([5, 6], read(), null, { level: 'eventual' });
  assert.ok(isLinearizable(done([0, 1], write(1)), stale));
});

test('past its bound the search says that it is undecided, never that all is well', () => {
  const workload = { kinds: ['register'] as const, objects: 1 };
  const history = randomHistory(1, {
    ...{ operations: 60, workload, spread: 30, unknown: 0.3, positions: false },
  });
  const { violation, undecided } = checkLinearizability(history, { configurationsMax: 10 });
  assert.equal(violation, null);
  assert.deepEqual(undecided, ['register 0']);
});

test('a violation is explained by the operations that show it and no others', () => {
  const noise = Array.from({ length: 40 }, (_, i) => done([i, i + 0.5], write(100 + i)));
  const history = [
    ...noise,
    done([50, 51], write(1)),
    done([52, 53], write(2)),
    done([54, 55], read(), 1),
    ...Array.from({ length: 40 }, (_, i) => done([60 + i, 60.5 + i], write(200 + i))),
  ];
  const { violation } = checkLinearizability(history);
  assert.equal(violation?.broken, 'linearizable (register 0)');
  assert.deepEqual(violation.explanation, [
    '3 of 43 operations that no order explains:',
    '50..51 client 50: write register 0 := 1 => ok',
    '52..53 client 52: write register 0 := 2 => ok',
    '54..55 client 54: read register 0 (strong) => 1',
  ]);
});

test('what a transaction read before it wrote is the state at its place', () => {
  const seeing = (operation: Operation, before: Observed): Operation => {
    assert.ok(operation.outcome.kind === 'ok');
    return { ...operation, outcome: { ...operation.outcome, before } };
  };
  const one = done([0, 1], append(1));
  const two = done([2, 3], append(2));
  assert.ok(isLinearizable(one, seeing(two, [1])));
  assert.ok(!isLinearizable(one, seeing(two, [])), 'it has not seen what was there');
  const beside = done([0, 9], append(2));
  assert.ok(isLinearizable(one, seeing(beside, [])), 'before the other one');
  assert.ok(isLinearizable(one, seeing(beside, [1])), 'or after it');
  assert.ok(!isLinearizable(one, seeing(beside, [1]), done([10, 11], list(), [2, 1])));
  const both = [seeing(done([0, 9], append(3)), []), seeing(done([0, 9], append(4)), [])];
  assert.ok(!isLinearizable(...both), 'each believes to be the first');

  const first = done([0, 1], write(1));
  assert.ok(isLinearizable(first, seeing(done([2, 3], write(2)), 1)));
  assert.ok(!isLinearizable(first, seeing(done([2, 3], write(2)), null)));
  assert.ok(isLinearizable(lost(0, write(1)), seeing(done([2, 3], write(2)), 1)));

  const given = transfer(0, 1, 5);
  const moved = done([0, 1], given, true);
  const [start, after] = [
    [10, 10, 10],
    [5, 15, 10],
  ];
  assert.ok(isLinearizable(moved, seeing(done([2, 3], given, true), after)));
  assert.ok(!isLinearizable(moved, seeing(done([2, 3], given, true), start)));
});
