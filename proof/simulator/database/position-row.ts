import { assert } from '../../../src/base/assert.ts';
import type { EntryId } from '../../../src/raft/entry.ts';

/** What the row of `_paceline` holds. */
export interface PositionRow extends EntryId {
  readonly cluster: string;
  readonly generation: number;
  readonly kept: number;
}

/** Serial types of SQLite's records: NULL, and integers of 1, 4 and 6 bytes. */
const NULL = 0;
const INT_1 = 1;
const INT_4 = 4;
const INT_6 = 5;
const LEAF = 0x0d;

/** A page with that row as SQLite lays it out, so that the product's own reader of such pages finds it. */
export function positionPage(row: PositionRow, pageSize: number): Uint8Array {
  const text = [...row.cluster].map((c) => c.charCodeAt(0));
  const textType = 13 + 2 * text.length;
  assert(textType < 128, 'the name of a cluster is short');
  const types = [NULL, textType, INT_1, INT_6, INT_6, INT_1, INT_4];
  const body = [...text, 1, ...bytes(row.term, 6), ...bytes(row.index, 6)];
  body.push(row.generation, ...bytes(row.kept, 4));
  const record = [types.length + 1, ...types, ...body];
  const cell = [...varint(record.length), 1, ...record];
  const page = new Uint8Array(pageSize);
  const view = new DataView(page.buffer);
  page[0] = LEAF;
  view.setUint16(3, 1);
  view.setUint16(5, pageSize - cell.length);
  view.setUint16(8, pageSize - cell.length);
  page.set(cell, pageSize - cell.length);
  return page;
}

/** The counters of a page that `positionPage` made. */
export function countersIn(page: Uint8Array): { generation: number; kept: number } {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  return {
    generation: view.getUint8(page.length - 5),
    kept: view.getUint32(page.length - 4),
  };
}

function bytes(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** (count - 1 - i)) % 256);
}

function varint(value: number): number[] {
  return value < 128 ? [value] : [0x80 | (value >>> 7), value & 0x7f];
}
