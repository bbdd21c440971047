import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { startWal } from '../../src/wal/frames.ts';
import { scanWal } from '../../src/wal/reader.ts';
import {
  decodeCheckpointInfo,
  decodeWalIndexHeader,
  encodeWalIndexHeader,
  nextWalIndexHeader,
  tailOf,
  walIndexFault,
} from '../../src/wal/wal-index.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';

const HEADER = {
  changeCounter: 0xffffffff,
  bigEndianChecksum: false,
  pageSize: 65536,
  mxFrame: 3,
  databasePages: 9,
  s0: 0x89abcdef,
  s1: 2,
  salt1: 0xfedcba98,
  salt2: 4,
};

/** Both copies, as they are in the file. */
function head(): Uint8Array {
  const bytes = new Uint8Array(136);
  const one = encodeWalIndexHeader(HEADER);
  bytes.set(one);
  bytes.set(one, 48);
  return bytes;
}

test('a header is written as it is read', () => {
  assert.deepEqual(decodeWalIndexHeader(head()), HEADER);
});

for (const pageSize of [512, 65536]) {
  test(`SQLite's own header decodes, and encodes to the same bytes: pages of ${pageSize}`, (t) => {
    const file = path.join(temporaryDirectory(t), 'a.db');
    const live = new LiveDatabase(file, `PRAGMA page_size=${pageSize}`);
    live.db.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
    const bytes = live.all('-shm');
    const header = decodeWalIndexHeader(bytes);
    assert.equal(header.pageSize, pageSize);
    assert.deepEqual(encodeWalIndexHeader(header), bytes.subarray(0, 48));
    assert.deepEqual(tailOf(header), scanWal(live.source('-wal')).tail);
    live.close();
  });
}

test('the checkpoint fields are those that SQLite keeps', (t) => {
  const live = new LiveDatabase(path.join(temporaryDirectory(t), 'a.db'));
  live.db.exec('CREATE TABLE t(x); INSERT INTO t VALUES (1)');
  const { mxFrame } = decodeWalIndexHeader(live.all('-shm'));
  assert.equal(decodeCheckpointInfo(live.all('-shm')).nBackfill, 0);
  live.db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  const info = decodeCheckpointInfo(live.all('-shm'));
  assert.equal(info.nBackfill, mxFrame);
  assert.equal(info.nBackfillAttempted, mxFrame);
  assert.equal(info.readMarks.length, 5);
  assert.equal(info.readMarks[0], 0);
  live.close();
});

test('a change of any bit of either header is noticed', () => {
  for (let bit = 0; bit < 96 * 8; bit++) {
    const bytes = head();
    bytes[bit >>> 3]! ^= 1 << (bit & 7);
    assert.match(walIndexFault(bytes) ?? '', /differ/, `bit ${bit}`);
    assert.throws(() => decodeWalIndexHeader(bytes), { code: 'DATABASE_DAMAGED' });
  }
});

test('equal headers with a wrong checksum, version or no initialization are refused', () => {
  const change = (at: number, value: number) => {
    const bytes = head();
    bytes[at] = value;
    bytes[48 + at] = value;
    return walIndexFault(bytes);
  };
  assert.match(change(16, 77) ?? '', /checksum/);
  assert.match(change(0, 1) ?? '', /version/);
  assert.match(change(12, 0) ?? '', /initialized/);
  assert.match(walIndexFault(new Uint8Array(40)) ?? '', /no header/);
  assert.match(walIndexFault(new Uint8Array(136)) ?? '', /initialized/);
});

test('the next header names the end of the WAL, and its counter wraps', () => {
  const { tail } = startWal(512, 5, 6, 0);
  tail.frame = 8;
  const next = nextWalIndexHeader(HEADER, tail, 12);
  assert.equal(next.changeCounter, 0);
  assert.equal(next.mxFrame, 8);
  assert.equal(next.databasePages, 12);
  assert.deepEqual(tailOf(next), tail);
});
