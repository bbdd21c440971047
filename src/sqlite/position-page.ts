import type { EntryId } from '../raft/entry.ts';

/**
 * Reads the `_paceline` row straight from a page image, to learn which position a commit in the WAL brought the
 * database to without opening it. https://sqlite.org/fileformat2.html, sections 1.6 and 2.1.
 */
const TABLE_LEAF = 0x0d;
const LEAF_HEADER_BYTES = 8;
/** Bytes of the serial types 0 to 9: NULL, five widths of integer, one more, a REAL, and the constants 0 and 1. */
const SERIAL_BYTES = [0, 1, 2, 3, 4, 6, 8, 8, 0, 0];

/** The position in this page if it is the page of `_paceline` of this cluster; null for every other page. */
export function positionInPage(image: Uint8Array, cluster: string): EntryId | null {
  const view = new DataView(image.buffer, image.byteOffset, image.byteLength);
  if (image[0] !== TABLE_LEAF || view.getUint16(3) !== 1) return null;
  const cell = view.getUint16(LEAF_HEADER_BYTES);
  try {
    return positionInCell(view, cell, cluster);
  } catch (error) {
    if (error instanceof RangeError) return null; // a cell of another table, cut off by the page's end
    throw error;
  }
}

function positionInCell(view: DataView, cell: number, cluster: string): EntryId | null {
  const [, afterSize] = varint(view, cell);
  const [rowid, start] = varint(view, afterSize);
  const [headerBytes, firstType] = varint(view, start);
  if (rowid !== 1) return null;
  const types: number[] = [];
  for (let at = firstType; at < start + headerBytes; ) {
    const [type, next] = varint(view, at);
    types.push(type);
    at = next;
  }
  if (types.length !== 7) return null;
  return positionInValues(view, start + headerBytes, types, cluster);
}

/** The columns are: id (NULL, it is the rowid), cluster, format, term, idx, generation, kept. */
function positionInValues(
  view: DataView,
  at: number,
  types: number[],
  cluster: string,
): EntryId | null {
  const clusterBytes = (types[1]! - 13) / 2;
  if (types[0] !== 0 || clusterBytes !== cluster.length) return null;
  for (let i = 0; i < clusterBytes; i++)
    if (view.getUint8(at + i) !== cluster.charCodeAt(i)) return null;
  const termAt = at + clusterBytes + serialBytes(types[2]!);
  const indexAt = termAt + serialBytes(types[3]!);
  return { term: integer(view, termAt, types[3]!), index: integer(view, indexAt, types[4]!) };
}

function serialBytes(type: number): number {
  const bytes = SERIAL_BYTES[type];
  if (bytes === undefined) throw new RangeError(`serial type ${type} is not an integer`);
  return bytes;
}

/** A non-negative integer of the given serial type. */
function integer(view: DataView, at: number, type: number): number {
  if (type === 8 || type === 9) return type - 8;
  let value = 0;
  for (let i = 0; i < serialBytes(type); i++) value = value * 256 + view.getUint8(at + i);
  return value;
}

/** The value and where the next thing begins. */
function varint(view: DataView, start: number): [value: number, next: number] {
  let value = 0;
  for (let i = 0; i < 8; i++) {
    const byte = view.getUint8(start + i);
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return [value, start + i + 1];
  }
  return [value * 256 + view.getUint8(start + 8), start + 9];
}
