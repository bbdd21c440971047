import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { Orders } from '../../src/member/orders.ts';
import type { LoopToSql } from '../../src/member/protocol.ts';

const ROLL_BACK: LoopToSql = { type: 'roll-back', to: { term: 1, index: 1 } };
const LEAD: LoopToSql = { type: 'lead', term: 2 };
const CLOSE: LoopToSql = { type: 'close' };

function ordered() {
  const done: string[] = [];
  const state = { waits: false, error: null as Error | null };
  const orders = new Orders({
    carryOut: ({ type }) => {
      if (state.error !== null) throw state.error;
      done.push(type);
    },
    mustWait: () => state.waits,
  });
  return { orders, done, state };
}

test('orders are carried out in turn, and wait while they must', () => {
  const { orders, done, state } = ordered();
  state.waits = true;
  for (const order of [ROLL_BACK, LEAD]) orders.take(order);
  orders.carryOut();
  assert.deepEqual(done, []);
  state.waits = false;
  orders.carryOut();
  assert.deepEqual(done, ['roll-back', 'lead']);
});

test('an order that finds the disk full stays the next one, and those behind it wait', () => {
  const { orders, done, state } = ordered();
  for (const order of [ROLL_BACK, LEAD]) orders.take(order);
  state.error = new PacelineError('DISK_FULL', 'no room');
  assert.throws(() => orders.carryOut(), { code: 'DISK_FULL' });
  state.error = null;
  orders.carryOut();
  assert.deepEqual(done, ['roll-back', 'lead']);
});

test('an order that fails for good is not repeated; those behind it are carried out', () => {
  const { orders, done, state } = ordered();
  for (const order of [ROLL_BACK, LEAD]) orders.take(order);
  state.error = new PacelineError('DATABASE_DIVERGED', 'rebuild');
  assert.throws(() => orders.carryOut(), { code: 'DATABASE_DIVERGED' });
  state.error = null;
  orders.carryOut();
  assert.deepEqual(done, ['lead']);
});

test('the end does not wait behind an order that cannot be carried out', () => {
  const { orders, done, state } = ordered();
  orders.take(ROLL_BACK);
  state.error = new PacelineError('DISK_FULL', 'no room');
  assert.throws(() => orders.carryOut());
  assert.equal(orders.takeClose(), false);
  orders.take(CLOSE);
  assert.equal(orders.takeClose(), true);
  state.error = null;
  orders.carryOut();
  assert.deepEqual(done, []);
});
