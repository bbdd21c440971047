import { assert } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { crc32 } from '../base/crc32.ts';
import { PacelineError } from '../base/errors.ts';
import { type PageForm, type RedoPage, type RedoRecord, recordFault } from './record.ts';

/**
 * Layout, big-endian: a head of fixed size, a table with one row for each page, the CRC-32 of both,
 * and the pages' bytes in the table's order. The bytes need no checksum of their own: the table has
 * the hash of what comes out of them.
 */
const REDO_VERSION = 1;
/** Version, page size, size of the database, checksums before and after, number of pages. */
const HEAD_BYTES = 1 + 4 + 4 + 8 + 8 + 4;
/** Page number, hash, form, length. */
const ROW_BYTES = 4 + 8 + 1 + 4;
const CRC_BYTES = 4;

/** Numbers of the forms as stored; stable. */
const FORMS: readonly PageForm[] = ['whole', 'delta', 'zero-delta'];

export function encodeRedo(record: RedoRecord): Uint8Array {
  const fault = recordFault(record);
  assert(fault === null, `redo record: ${fault}`);
  let size = HEAD_BYTES + record.pages.length * ROW_BYTES + CRC_BYTES;
  for (const { bytes } of record.pages) size += bytes.length;
  const writer = new ByteWriter(size);
  writer.u8(REDO_VERSION).u32(record.pageSize).u32(record.databasePages);
  writer.u32(record.checksumBefore.hi).u32(record.checksumBefore.lo);
  writer.u32(record.checksumAfter.hi).u32(record.checksumAfter.lo).u32(record.pages.length);
  for (const { pgno, hash, form, bytes } of record.pages) {
    writer.u32(pgno).u32(hash.hi).u32(hash.lo).u8(FORMS.indexOf(form)).u32(bytes.length);
  }
  writer.u32(crc32(writer.finish()));
  for (const { bytes } of record.pages) writer.raw(bytes);
  assert(writer.length === size, 'a redo record has the size that was computed');
  return writer.finish();
}

/**
 * The record, whose pages share memory with `bytes`. What comes back is valid(); whether the deltas
 * in it are well-formed shows when they are applied. Throws RECORD_DAMAGED, or PROTOCOL_MISMATCH
 * for a record of a newer version.
 */
export function decodeRedo(bytes: Uint8Array): RedoRecord {
  const reader = new ByteReader(bytes, 'redo record');
  checkVersion(reader);
  const pageSize = reader.u32();
  const databasePages = reader.u32();
  const checksumBefore = { hi: reader.u32(), lo: reader.u32() };
  const checksumAfter = { hi: reader.u32(), lo: reader.u32() };
  const pages = decodePages(decodeTable(reader, bytes), reader);
  reader.end();
  const record = { pageSize, databasePages, checksumBefore, checksumAfter, pages };
  const fault = recordFault(record);
  if (fault !== null) throw reader.damaged(fault);
  return record;
}

function decodePages(rows: readonly Row[], reader: ByteReader): RedoPage[] {
  const pages: RedoPage[] = [];
  for (const { pgno, hash, form, length } of rows)
    pages.push({ pgno, hash, form, bytes: reader.raw(length) });
  return pages;
}

function checkVersion(reader: ByteReader): void {
  const version = reader.u8();
  if (version === 0) throw reader.damaged('the version is 0');
  if (version === REDO_VERSION) return;
  const message = `a redo record has version ${version}, which this version does not know`;
  throw new PacelineError('PROTOCOL_MISMATCH', `${message}; upgrade this member`);
}

interface Row extends Omit<RedoPage, 'bytes'> {
  readonly length: number;
}

/** The table, once its size fits what is there and its checksum is right. */
function decodeTable(reader: ByteReader, bytes: Uint8Array): Row[] {
  const count = reader.u32();
  const room = Math.floor((reader.remaining - CRC_BYTES) / ROW_BYTES);
  if (count > room) throw reader.damaged(`${count} pages wanted, room for ${room}`);
  const end = reader.offset + count * ROW_BYTES;
  const rows: Row[] = [];
  while (reader.offset < end) rows.push(decodeRow(reader));
  const crc = crc32(bytes.subarray(0, end));
  if (reader.u32() !== crc) throw reader.damaged('the checksum of the page table does not fit');
  return rows;
}

function decodeRow(reader: ByteReader): Row {
  const pgno = reader.u32();
  const hash = { hi: reader.u32(), lo: reader.u32() };
  const form = FORMS[reader.u8()];
  if (form === undefined) throw reader.damaged(`page ${pgno} has a form of unknown number`);
  return { pgno, hash, form, length: reader.u32() };
}
