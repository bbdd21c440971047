import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { decodeWalHeader } from '../../src/wal/format.ts';
import { encodeFrames, startWal } from '../../src/wal/frames.ts';
import { readImage, scanWal } from '../../src/wal/reader.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';

for (const pageSize of [512, 4096, 65536]) {
  test(`a WAL that SQLite wrote is encoded to the same bytes: pages of ${pageSize}`, (t) => {
    const live = new LiveDatabase(
      path.join(temporaryDirectory(t), 'a.db'),
      `PRAGMA page_size=${pageSize}`,
    );
    live.db.exec('CREATE TABLE t(x)');
    for (let n = 0; n < 20; n++) live.db.exec(`INSERT INTO t VALUES (hex(zeroblob(${n * 100})))`);
    const theirs = live.all('-wal');
    const { frames } = scanWal(live.source('-wal'));
    const header = decodeWalHeader(theirs);
    const { salt1, salt2, checkpointSequence } = header;
    const started = startWal(pageSize, salt1, salt2, checkpointSequence);
    const parts = [started.header];
    let pages = [];
    for (const { frame, pgno, databasePages } of frames) {
      pages.push({ pgno, image: readImage(live.reader('-wal'), pageSize, frame) });
      if (databasePages === 0) continue;
      parts.push(encodeFrames(started.tail, pages, databasePages));
      pages = [];
    }
    assert.equal(started.tail.frame, frames.length);
    assert.deepEqual(new Uint8Array(Buffer.concat(parts)), theirs);
    live.close();
  });
}

test('pages outside the database and of another size are refused', () => {
  const { tail } = startWal(512, 1, 2, 0);
  const image = new Uint8Array(512);
  assert.throws(() => encodeFrames(tail, [{ pgno: 3, image }], 2), /outside/);
  assert.throws(() => encodeFrames(tail, [{ pgno: 0, image }], 2), /outside/);
  assert.throws(() => encodeFrames(tail, [{ pgno: 1, image: new Uint8Array(256) }], 2), /256/);
  assert.throws(() => encodeFrames(tail, [], 2), /at least one/);
});
