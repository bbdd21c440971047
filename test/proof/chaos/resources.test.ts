import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../../proof/chaos/limits.ts';
import { type Holdings, judgeHoldings, mostOf } from '../../../proof/chaos/resources.ts';

function holding(descriptors: Record<string, number>, rssBytes = 100): Holdings {
  return { descriptors: new Map(Object.entries(descriptors)), rssBytes };
}

test('what some fresh member holds, all may hold', () => {
  const fresh = mostOf([holding({ socket: 9, pin: 2 }), holding({ socket: 10 }, 200)]);
  assert.deepEqual(fresh, holding({ socket: 10, pin: 2 }, 200));
  assert.deepEqual(judgeHoldings('a', fresh, holding({ socket: 10, pin: 2 })), []);
});

test('descriptors beyond the allowance are named, and fewer of one kind do not excuse more of another', () => {
  const fresh = holding({ socket: 50, 'db/main.db': 5 });
  const now = holding({ 'db/main.db': 5 + LIMITS.descriptorsMore });
  assert.deepEqual(judgeHoldings('b', fresh, now), []);
  const leaking = holding({ 'db/main.db': 6 + LIMITS.descriptorsMore });
  assert.match(
    judgeHoldings('b', fresh, leaking)[0]!,
    new RegExp(`^b has more .*db/main.db ×${LIMITS.descriptorsMore + 1}`),
  );
});

test('of replaced databases nothing is held, but what a collector may still have to take', () => {
  const fresh = holding({ 'db/main.db': 3, 'db/main.db-wal': 2, socket: 9 });
  const now = (count: number) => holding({ 'a database that was replaced': count });
  const max = LIMITS.databasesReplacedMax * 5;
  assert.deepEqual(judgeHoldings('b', fresh, now(max), false), []);
  assert.match(judgeHoldings('b', fresh, now(max + 1), false)[0]!, /^b has more .*replaced ×11/);
  assert.deepEqual(judgeHoldings('b', fresh, now(0), true), []);
  assert.match(judgeHoldings('b', fresh, now(1), true)[0]!, /^b has more .*replaced ×1/);
});

test('memory beyond the allowance is told', () => {
  const bytes = LIMITS.rssTimesMax * 100 + LIMITS.rssBytesMore;
  assert.deepEqual(judgeHoldings('c', holding({}), holding({}, bytes)), []);
  assert.match(judgeHoldings('c', holding({}), holding({}, bytes + 1))[0]!, /^c takes/);
});
