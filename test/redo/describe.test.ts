import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeRecord, describeRedo } from '../../src/redo/describe.ts';
import type { RedoRecord } from '../../src/redo/record.ts';

test('a record is described by its size, its checksums, and its pages', () => {
  const record: RedoRecord = {
    pageSize: 512,
    databasePages: 9,
    checksumBefore: { hi: 1, lo: 2 },
    checksumAfter: { hi: 3, lo: 0xfffffffc },
    pages: [
      { pgno: 2, hash: { hi: 5, lo: 6 }, form: 'delta', bytes: new Uint8Array(70) },
      { pgno: 7, hash: { hi: 7, lo: 8 }, form: 'whole', bytes: new Uint8Array(512) },
    ],
  };
  const first =
    'redo  2 pages in 582 bytes  database 9 pages of 512  ' +
    'checksum 0000000100000002 -> 00000003fffffffc';
  assert.equal(describeRecord(record), first);
  assert.deepEqual(
    [...describeRedo(record)],
    [
      first,
      'page 2  delta 70 bytes  hash 0000000500000006',
      'page 7  whole 512 bytes  hash 0000000700000008',
    ],
  );
});
