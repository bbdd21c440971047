import { TextDecoder } from 'node:util';
import { damaged, type StoredDatabase } from './stored-database.ts';

/**
 * Reads the rows of a table from its pages. Format: https://sqlite.org/fileformat2.html#b_tree_pages
 * Only as much as the position's row and the schema need: a column that begins beyond the first page of
 * its record is null, and reals and blobs are left out (null) as well.
 */
export type StoredValue = null | number | string;

const INTERIOR = 0x05;
const LEAF = 0x0d;
/** Deeper than any table of 2^32 pages: what is deeper is a loop. */
const DEPTH_MAX = 20;

export function* readTableRows(
  database: StoredDatabase,
  root: number,
  depth = 0,
): Generator<StoredValue[]> {
  if (depth > DEPTH_MAX || root < 1 || root > database.pages)
    throw damaged(database.path, `the tree of a table leads to page ${root}`);
  const page = database.read(root);
  const view = new DataView(page.buffer, page.byteOffset, page.length);
  const head = root === 1 ? 100 : 0;
  const type = view.getUint8(head);
  if (type !== LEAF && type !== INTERIOR)
    throw damaged(database.path, `page ${root} is not of a table`);
  const cells = view.getUint16(head + 3);
  const pointers = head + (type === LEAF ? 8 : 12);
  if (pointers + 2 * cells > page.length)
    throw damaged(database.path, `page ${root} has ${cells} cells`);
  for (let i = 0; i < cells; i++) {
    const cell = view.getUint16(pointers + 2 * i);
    if (cell + 4 > page.length) throw damaged(database.path, `a cell of page ${root} lies outside`);
    if (type === LEAF) yield readCell(page, cell, usableBytes(database), textDecoder(database));
    else yield* readTableRows(database, view.getUint32(cell), depth + 1);
  }
  if (type === INTERIOR) yield* readTableRows(database, view.getUint32(head + 8), depth + 1);
}

/** Pages may end in bytes reserved for extensions. */
function usableBytes(database: StoredDatabase): number {
  return database.pageSize - database.read(1)[20]!;
}

const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be'];

/** A database that was imported may be in UTF-16. */
function textDecoder(database: StoredDatabase): TextDecoder {
  const encoding = ENCODINGS[database.read(1)[59]! - 1] ?? 'utf-8';
  return new TextDecoder(encoding, { ignoreBOM: true });
}

function readCell(
  page: Uint8Array,
  at: number,
  usable: number,
  decoder: TextDecoder,
): StoredValue[] {
  const payload = readVarint(page, at);
  const rowid = readVarint(page, payload.next);
  const bytes = localBytes(payload.value, usable);
  return readRecord(page.subarray(rowid.next, rowid.next + bytes), decoder);
}

/** How much of a payload stays on the page; the rest is on overflow pages. */
function localBytes(payload: number, usable: number): number {
  const most = usable - 35;
  if (payload <= most) return payload;
  const least = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fitting = least + ((payload - least) % (usable - 4));
  return fitting <= most ? fitting : least;
}

function readRecord(record: Uint8Array, decoder: TextDecoder): StoredValue[] {
  const header = readVarint(record, 0);
  const values: StoredValue[] = [];
  let at = header.value;
  for (let i = header.next; i < header.value && i < record.length; ) {
    const serial = readVarint(record, i);
    const bytes = serialBytes(serial.value);
    const whole = at + bytes <= record.length;
    const stored = record.subarray(at, at + bytes);
    values.push(whole ? readValue(stored, serial.value, decoder) : null);
    at += bytes;
    i = serial.next;
  }
  return values;
}

function serialBytes(serial: number): number {
  if (serial >= 12) return Math.floor((serial - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0][serial]!;
}

function readValue(bytes: Uint8Array, serial: number, decoder: TextDecoder): StoredValue {
  if (serial >= 13 && serial % 2 === 1) return decoder.decode(bytes);
  if (serial === 8 || serial === 9) return serial - 8;
  if (serial < 1 || serial > 6) return null;
  let value = (bytes[0]! << 24) >> 24; // two's complement: the first byte has the sign
  for (let i = 1; i < bytes.length; i++) value = value * 256 + bytes[i]!;
  return value;
}

function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = bytes[at + i] ?? 0;
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return { value: value * 256 + (bytes[at + 8] ?? 0), next: at + 9 };
}
