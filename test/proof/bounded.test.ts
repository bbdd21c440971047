import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBounded } from '../../proof/history/bounded.ts';
import type { Operation } from '../../proof/history/operation.ts';
import { append, done, list, write } from './notation.ts';

const CONFIRMED_MS = 100;

function broken(...history: Operation[]): string[] {
  return checkBounded(history, CONFIRMED_MS).map((finding) => finding.broken);
}

function readAt(called: number, values: readonly number[], bound: Partial<Operation>): Operation {
  return { ...done([called, called + 1], list(), values, { level: 'bounded' }), ...bound };
}

test('with maxLagMs a read shows what was acknowledged so long before it was called, and may lack the rest', () => {
  const history = [
    done([0, 10], append(1), null, { index: 1 }),
    done([20, 30], append(2), null, { index: 2 }),
  ];
  const lag = { maxLagMs: 50 };
  assert.deepEqual(broken(...history, readAt(70, [1], lag)), []);
  assert.deepEqual(broken(...history, readAt(81, [1, 2], lag)), []);
  const what = ['bounded: a read at most 50 ms behind lacks a write (list 0)'];
  assert.deepEqual(broken(...history, readAt(81, [1], lag)), what);
});

test('with maxLagEntries it lacks at most so many entries of what was acknowledged an election timeout before', () => {
  const history = [
    done([0, 10], append(1), null, { index: 5 }),
    done([20, 30], write(2), null, { index: 8 }),
  ];
  const what = (entries: number) => [
    `bounded: a read at most ${entries} entries behind lacks a write (list 0)`,
  ];
  assert.deepEqual(broken(...history, readAt(131, [], { maxLagEntries: 4 })), []);
  assert.deepEqual(broken(...history, readAt(131, [], { maxLagEntries: 3 })), what(3));
  assert.deepEqual(broken(...history, readAt(129, [], { maxLagEntries: 3 })), []);
  assert.deepEqual(broken(...history, readAt(129, [], { maxLagEntries: 0 })), what(0));
});

test('what was acknowledged below a majority need not be there, until something behind it was acknowledged on one', () => {
  const { returned: _, ...weak } = done([0, 10], append(1), null, { index: 1 });
  const early: Operation = { ...weak, returned: null, acknowledged: 10 };
  const lag = { maxLagMs: 50 };
  assert.deepEqual(broken(early, readAt(200, [], lag)), []);
  const later = done([20, 30], write(2), null, { index: 2 });
  assert.equal(broken(early, later, readAt(200, [], lag)).length, 1);
});
