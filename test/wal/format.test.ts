import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import {
  decodeFrameHeader,
  decodePageSize,
  decodeWalHeader,
  encodePageSize,
  encodeWalHeader,
  frameOffset,
  walHeaderFault,
} from '../../src/wal/format.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';

const FIELDS = { pageSize: 4096, checkpointSequence: 7, salt1: 0xdeadbeef, salt2: 1 };

test('page sizes survive their 16-bit field, 65536 as 1', () => {
  for (let size = 512; size <= 65536; size *= 2) {
    assert.equal(decodePageSize(encodePageSize(size)), size);
  }
  assert.equal(encodePageSize(65536), 1);
  for (const wrong of [0, 2, 256, 513, 4095]) assert.equal(decodePageSize(wrong), 0);
});

test('a WAL header is written as it is read', () => {
  const header = decodeWalHeader(encodeWalHeader(FIELDS));
  const { s0, s1, bigEndianChecksum, ...fields } = header;
  assert.deepEqual(fields, FIELDS);
  assert.equal(bigEndianChecksum, false);
  assert.notEqual(s0, s1);
});

test('a WAL header has the bytes that the format gives it', () => {
  const hex = Buffer.from(encodeWalHeader(FIELDS)).toString('hex');
  assert.equal(hex.slice(0, 48), '377f0682002de2180000100000000007deadbeef00000001');
});

test("SQLite's own header decodes, and encodes to the same bytes", (t) => {
  const live = new LiveDatabase(path.join(temporaryDirectory(t), 'a.db'), 'PRAGMA page_size=1024');
  live.db.exec('CREATE TABLE t(x)');
  const bytes = live.all('-wal').subarray(0, 32);
  assert.equal(walHeaderFault(bytes), null);
  const header = decodeWalHeader(bytes);
  assert.equal(header.pageSize, 1024);
  assert.deepEqual(encodeWalHeader(header), bytes);
  live.close();
});

test('a change of any bit of a WAL header is noticed', () => {
  for (let bit = 0; bit < 32 * 8; bit++) {
    const bytes = encodeWalHeader(FIELDS);
    bytes[bit >>> 3]! ^= 1 << (bit & 7);
    assert.notEqual(walHeaderFault(bytes), null, `bit ${bit}`);
    assert.throws(() => decodeWalHeader(bytes), { code: 'RECORD_DAMAGED' });
  }
  assert.throws(() => decodeWalHeader(new Uint8Array(31)), { code: 'RECORD_DAMAGED' });
});

test('a frame header is six big-endian numbers', () => {
  const bytes = Uint8Array.from({ length: 25 }, (_, i) => (i === 0 ? 99 : i));
  assert.deepEqual(decodeFrameHeader(bytes, 1), {
    pgno: 0x01020304,
    databasePages: 0x05060708,
    salt1: 0x090a0b0c,
    salt2: 0x0d0e0f10,
    s0: 0x11121314,
    s1: 0x15161718,
  });
});

test('frames follow the header without gaps', () => {
  assert.equal(frameOffset(4096, 1), 32);
  assert.equal(frameOffset(4096, 3), 32 + 2 * (24 + 4096));
});
