import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../cluster/until.ts';
import { Lines, Local } from './fixture.ts';

const SMALL = { checkpointWalBytes: 200_000, snapshotWalBytesMax: 1_000_000 };
const FILL =
  'INSERT INTO t WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 200) SELECT randomblob(500) FROM c';

test('a snapshot does not stop replication; when the WAL is too long it ends, and says why', async (t) => {
  const local = new Local(t);
  const logger = new Lines();
  const all = await local.openAll(['a', 'b', 'c'], { ...SMALL, logger });
  const [leader, follower] = [all[0]!, all[1]!];
  await leader.execute('CREATE TABLE t(v)');
  await leader.execute(FILL);
  const rows = follower
    .prepare('SELECT rowid FROM t ORDER BY rowid', { after: leader.token })
    .iterate();
  assert.equal(rows.next().done, false);
  const ended = { code: 'SNAPSHOT_ENDED', category: 'retryable', message: /snapshotWalBytesMax/ };
  await follower.snapshot(async (snapshot) => {
    const { rows: before } = await snapshot.query('SELECT count(*) FROM t');
    let longest = 0;
    await until('the snapshot has ended', async () => {
      await leader.execute(FILL);
      // What the follower is told to see is applied, whatever is held there.
      await follower.query('SELECT 1', [], { after: leader.token });
      longest = Math.max(longest, (await follower.status()).walBytes);
      return snapshot.query('SELECT count(*) FROM t').then(
        ({ rows: now }) => {
          assert.deepEqual(now, before);
          return false;
        },
        (error: unknown) => {
          assert.throws(() => {
            throw error;
          }, ended);
          return true;
        },
      );
    });
    assert.ok(longest > 500_000, `the WAL grew to ${longest} bytes before that`);
  });
  assert.throws(() => rows.next(), ended);
  await until('the WAL is short again', async () => {
    await leader.execute(FILL);
    return (await follower.status()).walBytes < 600_000;
  });
  const warnings = logger.lines.filter(({ level }) => level === 'warn').map((one) => one.message);
  assert.ok(warnings.some((message) => /2 open snapshots; they end when/.test(message)));
  assert.ok(warnings.some((message) => /2 snapshots end: they kept/.test(message)));
});
