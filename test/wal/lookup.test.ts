import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { readPageNumbers } from '../../src/wal/lookup.ts';
import { decodeWalIndexHeader } from '../../src/wal/wal-index.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';
import { findFrame, latestFrames, listFrames } from './lookups.ts';

test("SQLite's wal-index names the frames that its WAL has, over several blocks", (t) => {
  const file = path.join(temporaryDirectory(t), 'a.db');
  const live = new LiveDatabase(file, 'PRAGMA page_size=512');
  live.db.exec('CREATE TABLE t(x)');
  const insert = live.db.prepare('INSERT INTO t VALUES (zeroblob(?))');
  for (let n = 1; n <= 400; n++) insert.run(n * 60);
  const { mxFrame } = decodeWalIndexHeader(live.all('-shm'));
  assert.ok(mxFrame > 4062 + 4096, `${mxFrame} frames`);
  const inWal = listFrames(live.reader('-wal'), mxFrame);
  const shm = live.reader('-shm');
  assert.deepEqual(
    [...readPageNumbers(shm, mxFrame)],
    inWal.map(({ pgno }) => pgno),
  );
  for (const limit of [0, 1, 4062, 4063, 5000, mxFrame]) {
    const latest = new Map(inWal.slice(0, limit).map(({ pgno, frame }) => [pgno, frame]));
    assert.deepEqual(latestFrames(shm, limit), latest);
    for (let pgno = 1; pgno < 40; pgno++) {
      assert.equal(findFrame(shm, pgno, limit), latest.get(pgno) ?? 0);
    }
  }
  live.close();
});
