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

test('memory beyond the allowance is told', () => {
  const bytes = LIMITS.rssTimesMax * 100 + LIMITS.rssBytesMore;
  assert.deepEqual(judgeHoldings('c', holding({}), holding({}, bytes)), []);
  assert.match(judgeHoldings('c', holding({}), holding({}, bytes + 1))[0]!, /^c takes/);
});
