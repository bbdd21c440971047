import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LoopToSql } from '../../src/member/protocol.ts';
import { until } from '../cluster/until.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

type Step = Extract<LoopToSql, { type: 'transaction' }>['step'];

/** A step of a transaction of member `b`. */
function step(key: number, what: Step): LoopToSql {
  return { type: 'transaction', from: 'b', name: 'one', key, step: what, mayBeLost: false };
}

const BEGIN = step(1, { type: 'begin', id: 'request', lifetimeMs: 60_000 });

test('a transaction whose beginning comes again is one', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(1);
  const answered = () => thread.allToLoop('transaction-answer').map(({ key }) => key);
  const insert = { sql: 'INSERT INTO t(v) VALUES (1)' };
  thread.order(BEGIN, BEGIN);
  await until('the beginning', () => answered().length === 1);
  thread.order(step(2, { type: 'run', statements: [insert], readOnly: false }));
  await until('the statement', () => answered().length === 2);
  thread.order(BEGIN, step(3, { type: 'commit' }));
  await until('the commit', () => answered().includes(3));
  // A second one would keep the writer connection, and commit nothing.
  assert.equal((await thread.answers(thread.write('INSERT INTO t(v) VALUES (2)'))).length, 1);
  thread.order(step(4, { type: 'commit' }));
  await until('the answer to a second commit', () => answered().includes(4));
  const last = thread.allToLoop('transaction-answer').at(-1)!;
  assert.ok('error' in last.answer);
  assert.deepEqual(answered(), [1, 2, 3, 4]);
});
