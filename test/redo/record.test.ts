import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type RedoPage, type RedoRecord, recordFault, valid } from '../../src/redo/record.ts';
import { sampleRecord } from './pages.ts';

test('a sound record is valid', () => {
  assert.equal(recordFault(sampleRecord()), null);
  assert.equal(valid({ ...sampleRecord(), pages: [] }), true);
});

test('each broken promise is named', () => {
  const record = sampleRecord();
  const page: RedoPage = record.pages[0]!;
  const fault = (changes: Partial<RedoRecord>) => recordFault({ ...record, ...changes }) ?? '';
  const pageFault = (changes: Partial<RedoPage>) => fault({ pages: [{ ...page, ...changes }] });
  assert.match(fault({ pageSize: 1000 }), /page size/);
  assert.match(fault({ databasePages: 0 }), /size of the database/);
  assert.match(fault({ databasePages: 3 }), /beyond the end/);
  assert.match(fault({ checksumBefore: { hi: -1, lo: 0 } }), /checksum before/);
  assert.match(fault({ checksumAfter: { hi: 0, lo: 0.5 } }), /checksum after/);
  assert.match(fault({ pages: record.pages.toReversed() }), /comes after/);
  assert.match(fault({ pages: [page, page] }), /comes after/);
  assert.match(pageFault({ pgno: 0 }), /comes after/);
  assert.match(pageFault({ hash: { hi: 2 ** 32, lo: 0 } }), /hash of page/);
  assert.match(pageFault({ form: 'whole', bytes: new Uint8Array(511) }), /511 bytes/);
  assert.match(pageFault({ form: 'delta', bytes: new Uint8Array(512) }), /512 bytes/);
  assert.equal(valid({ ...record, pageSize: 0 }), false);
});
