import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { addBytes } from '../../src/wal/checksum.ts';
import { decodeWalHeader } from '../../src/wal/format.ts';
import { encodeFrames, startWal, type WalTail } from '../../src/wal/frames.ts';
import { scanWal } from '../../src/wal/reader.ts';
import { Capture, type Commit, Follower } from './follow.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';
import { compareWithRecovery, makeFiles } from './pair.ts';
import { glance } from './workload.ts';

/** A WAL of one commit as a big-endian machine would have begun it. */
function bigEndianWal({ pages, databasePages }: Commit, pageSize: number): Uint8Array {
  const { header } = startWal(pageSize, 5, 6, 0);
  header[3]! |= 1;
  const sum = { s0: 0, s1: 0 };
  addBytes(sum, header.subarray(0, 24), true);
  const view = new DataView(header.buffer);
  view.setUint32(24, sum.s0);
  view.setUint32(28, sum.s1);
  const { salt1, salt2, s0, s1 } = decodeWalHeader(header);
  const tail: WalTail = { pageSize, salt1, salt2, bigEndianChecksum: true, frame: 0, s0, s1 };
  return new Uint8Array(Buffer.concat([header, encodeFrames(tail, pages, databasePages)]));
}

test('a WAL that a big-endian machine began is read by SQLite, scanned, and continued', (t) => {
  const directory = temporaryDirectory(t);
  const files = makeFiles(directory, 'PRAGMA page_size=1024');
  const source = new LiveDatabase(files.source);
  const capture = new Capture(source);
  const commit = (sql: string): Commit => {
    source.db.exec(sql);
    const taken = capture.take();
    assert.ok(taken !== null);
    return taken;
  };
  const wal = bigEndianWal(commit("INSERT INTO audit(what) VALUES ('first')"), 1024);
  fs.writeFileSync(`${files.copy}-wal`, wal);
  const copy = new LiveDatabase(files.copy);
  assert.deepEqual(glance(copy.db), glance(source.db));
  const follower = new Follower(copy, 1024);
  follower.append(commit("INSERT INTO audit(what) VALUES ('second')"));
  assert.deepEqual(glance(copy.db), glance(source.db));
  assert.equal(scanWal(copy.source('-wal')).header?.bigEndianChecksum, true);
  assert.equal(scanWal(copy.source('-wal')).frames.length, follower.mxFrame);
  compareWithRecovery(copy, path.join(directory, 'rebuilt.db'));
  copy.close();
  source.close();
});
