import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { systemClock } from '../../src/member/clock.ts';
import { InPlaceReads } from '../../src/member/in-place-reads.ts';
import { ReadConditions } from '../../src/member/read-conditions.ts';
import { makeRequest } from '../../src/member/read-request.ts';
import { Session } from '../../src/member/session.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { ORIGIN } from '../../src/raft/entry.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { until } from '../cluster/until.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

const STATE = new URL('../../src/member/shared-state.js', import.meta.url).href;
/** Far longer than the test may take: who waits for it has failed. */
const TIMEOUT_MS = 600_000;

/** Another thread that says, again and again until it is ended, that readers are to leave. */
function sendAway(shared: SharedState): Worker {
  const code = `
    import { workerData } from 'node:worker_threads';
    import { SharedState } from ${JSON.stringify(STATE)};
    const shared = new SharedState(workerData);
    setInterval(() => shared.setReadersLeave(true), 5);`;
  const url = new URL(`data:text/javascript,${encodeURIComponent(code)}`);
  return new Worker(url, { workerData: shared.buffer });
}

test('a read in place that stands still goes on, with an error that says to try again, when the database is to be replaced', async (t) => {
  const shared = new SharedState();
  const now = () => systemClock.now();
  const session = new Session(shared);
  const conditions = new ReadConditions({ shared, session, now, electionTimeoutMs: 1000 });
  const reads = new InPlaceReads(shared, conditions, now);
  const request = makeRequest({}, shared, now(), TIMEOUT_MS);
  shared.setVisible(7); // which will never be committed
  const other = sendAway(shared);
  t.after(() => other.terminate());
  const replaced = { code: 'NOT_READY', category: 'retryable', message: /being replaced/ };
  assert.throws(() => reads.read(request, () => 'rows'), replaced);
  assert.throws(() => reads.read(request, () => 'rows'), replaced, 'the next one, at once');
  shared.setCommitted(7);
  assert.equal(
    reads.read(request, () => 'rows'),
    'rows',
    'what waits for nothing is read',
  );
});

test('readers are to leave from the moment when another database is to be installed until it is', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  const { shared } = thread;
  assert.equal(shared.readersLeave, false);
  const file = join(thread.dir, 'incoming.db');
  copyFileSync(thread.path, file);
  const checksum = new PageHasher().hash(1, seedPage(4096)).take();
  thread.order({ type: 'install', file, id: ORIGIN, checksum });
  await until('readers are asked to leave', () =>
    thread.toApp.some(({ type }) => type === 'close-readers'),
  );
  assert.equal(shared.readersLeave, true);
  thread.readersClosed();
  await thread.fromSql('installed');
  assert.equal(shared.readersLeave, false);
});
