import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { databaseOf, stopAndCompare } from './files.ts';
import { converge } from './fixture.ts';
import { progress, startWithTable } from './steps.ts';
import { Workload } from './workload.ts';

const LIMITS = { checkpointWalBytes: 262_144, logKeepBytes: 262_144, segmentBytesMax: 131_072 };
/** A checkpoint runs beside the writes, which go on meanwhile: what they add is about as much again. */
const WAL_BYTES_MAX = 6 * LIMITS.checkpointWalBytes;
/** Twice what is kept, the segments around it, and what was appended since the last checkpoint. */
const LOG_BYTES_MAX = 2 * LIMITS.logKeepBytes + 4 * LIMITS.segmentBytesMax + WAL_BYTES_MAX;

test('under a long run of writes WAL and log stay bounded on leader and followers, with readers at work', async (t) => {
  const cluster = await startWithTable(t, 3, LIMITS);
  await converge(cluster.members);
  const work = new Workload();
  work.through(cluster.members, 8);
  for (let round = 0; round < 20; round++) {
    await progress(work, 400);
    for (const member of cluster.members) {
      const { walBytes, logBytes } = await member.status();
      const wal = statSync(`${databaseOf(member.dir)}-wal`).size;
      assert.ok(
        Math.max(walBytes, wal) < WAL_BYTES_MAX,
        `WAL of ${member.id}: ${walBytes}, ${wal}`,
      );
      assert.ok(logBytes < LOG_BYTES_MAX, `log of ${member.id}: ${logBytes}`);
      await member.query('SELECT count(*) FROM w WHERE v < 100');
    }
  }
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) {
    const { firstIndex } = await member.status();
    assert.ok(firstIndex > 1, `the log of ${member.id} was compacted`);
    await work.verify(member);
  }
  await stopAndCompare(cluster);
});
