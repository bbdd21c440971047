import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Local } from './fixture.ts';

const ENDLESS =
  'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c WHERE n % 1000 = 0';

test('when all threads for long reads are busy a further read waits for one, at most its time, and is served when one is free', async (t) => {
  const db = await new Local(t).open({ readWorkersMax: 1 });
  const stop = new AbortController();
  const busy = db.query(ENDLESS, [], { worker: true, signal: stop.signal });
  const tooLate = db.query('SELECT 1', [], { worker: true, timeoutMs: 100 });
  await assert.rejects(tooLate, {
    code: 'OVERLOADED',
    category: 'retryable',
    message: /all 1 threads.*readWorkersMax/,
  });
  const waiting = db.query('SELECT 2', [], { worker: true, timeoutMs: 60_000 });
  stop.abort(new Error('enough'));
  await assert.rejects(busy, { message: 'enough' });
  assert.deepEqual((await waiting).rows, [[2]]);
});
