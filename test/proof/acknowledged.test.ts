import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkAcknowledged } from '../../proof/history/acknowledged.ts';
import { judge } from '../../proof/history/check.ts';
import { formatFinding } from '../../proof/history/finding.ts';
import type { Operation } from '../../proof/history/operation.ts';
import { checkPositions } from '../../proof/history/positions.ts';
import { append, done, list, lost, read, refused, write } from './notation.ts';
import { BANK } from './random-history.ts';

const history = [
  done([0, 1], append(1), null, { index: 4 }),
  lost(2, append(2)),
  refused(3, append(3)),
  done([5, 6], append(4), null, { index: 6 }),
];

function broken(...values: number[]): string[] {
  const final = [done([90, 91], list(), values)];
  return checkAcknowledged(history, final).map((finding) => finding.broken);
}

test('acknowledged appends are there once, unknown ones at most once', () => {
  assert.deepEqual(broken(1, 4), []);
  assert.deepEqual(broken(1, 2, 4), []);
  assert.deepEqual(broken(1, 4, 2), []);
});

test('a lost append is found, and a repeated one', () => {
  assert.deepEqual(broken(1), ['I4: an acknowledged write is lost (list 0)']);
  assert.deepEqual(broken(1, 1, 4), ['I9: a write is there 2 times (list 0)']);
  assert.deepEqual(broken(1, 2, 4, 2), ['I9: a write is there 2 times (list 0)']);
});

test('what was rejected or never asked for is found', () => {
  assert.deepEqual(broken(1, 3, 4), ['I10: a rejected write is there (list 0)']);
  assert.deepEqual(broken(1, 4, 8), ['I10: value 8 is there, which nobody wrote (list 0)']);
});

test('an order other than that of the positions is found', () => {
  assert.deepEqual(broken(4, 1), ['I6: writes are not in the order of their positions (list 0)']);
});

test('a register holds no older value than the last acknowledged one', () => {
  const writes = [
    done([0, 1], write(1), null, { index: 4 }),
    done([2, 3], write(2), null, { index: 5 }),
    lost(4, write(3)),
  ];
  const found = (value: number | null) =>
    checkAcknowledged(writes, [done([90, 91], read(), value)]).map((finding) => finding.broken);
  assert.deepEqual([...found(2), ...found(3)], []);
  const lostWrite = ['I4: an acknowledged write is lost (register 0)'];
  assert.deepEqual(found(1), lostWrite);
  assert.deepEqual(found(null), lostWrite);
});

test('positions of acknowledged writes are one history in real time', () => {
  const found = (...writes: Operation[]) => checkPositions(writes).map(({ broken }) => broken);
  const at = (index: number, term = 1) => ({ index, term });
  const first = done([0, 1], append(1), null, at(5, 2));
  assert.deepEqual(found(first, done([2, 3], write(2), null, at(6, 2))), []);
  assert.deepEqual(found(first, done([0.5, 3], write(2), null, at(5, 2))), []);
  const twoHistories = ['I2: two histories: terms and indexes disagree'];
  assert.deepEqual(found(first, done([0.5, 3], write(2), null, at(5, 3))), twoHistories);
  assert.deepEqual(found(first, done([2, 3], write(2), null, at(6, 1))), twoHistories);
  const earlier = ['linearizable: a later write has an earlier position'];
  assert.deepEqual(found(first, done([2, 3], write(2), null, at(4, 2))), earlier);
  assert.deepEqual(found(first, done([2, 3], write(2), null, at(5, 2))), earlier);
});

test('the judgement of a whole run has all of it', () => {
  const right = judge(history, [done([90, 91], list(), [1, 4])], { bank: BANK });
  assert.deepEqual(
    { ...right, configurations: 0 },
    {
      findings: [],
      undecided: [],
      ordered: 4,
      configurations: 0,
    },
  );
  const wrong = judge(history, [done([90, 91], list(), [4, 1, 1])], { bank: BANK });
  const rules = wrong.findings.map(({ broken }) => broken);
  assert.deepEqual(rules, [
    'I9: a write is there 2 times (list 0)',
    'I6: writes are not in the order of their positions (list 0)',
    'linearizable (list 0)',
  ]);
  assert.equal(
    formatFinding(wrong.findings[0]!),
    [
      'I9: a write is there 2 times (list 0)',
      '  0..1 client 0: append to list 0: 1 => ok at 1.4',
      '  90..91 client 90: read list 0 (strong) => [4 1 1]',
    ].join('\n'),
  );
});
