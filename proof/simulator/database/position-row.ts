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
  const { cluster, term, index, generation, kept } = row;
  const textType = 13 + 2 * cluster.length;
  assert(textType < 128, 'the name of a cluster is short');
  const types = [NULL, textType, INT_1, INT_6, INT_6, INT_1, INT_4];
  const recordBytes = types.length + 1 + cluster.length + 1 + 6 + 6 + 1 + 4;
  const cellBytes = (recordBytes < 128 ? 1 : 2) + 1 + recordBytes;
  const page = new Uint8Array(pageSize);
  const start = pageSize - cellBytes;
  page[0] = LEAF;
  put(page, 3, 1, 2);
  put(page, 5, start, 2);
  put(page, 8, start, 2);
  let at = start;
  if (recordBytes >= 128) page[at++] = 0x80 | (recordBytes >>> 7);
  page[at++] = recordBytes & 0x7f;
  page[at++] = 1;
  page[at++] = types.length + 1;
  for (const type of types) page[at++] = type;
  for (let i = 0; i < cluster.length; i++) page[at++] = cluster.charCodeAt(i);
  page[at++] = 1;
  put(page, at, term, 6);
  put(page, at + 6, index, 6);
  page[at + 12] = generation;
  put(page, at + 13, kept, 4);
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

/** Big-endian, in `count` bytes. */
function put(page: Uint8Array, at: number, value: number, count: number): void {
  let rest = value;
  for (let i = at + count - 1; i >= at; i--) {
    page[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}
