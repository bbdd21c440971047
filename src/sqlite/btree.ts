import { viewOf } from '../base/bytes.ts';
/** SQLite's b-trees, as far as it takes to tell which rows a changed page holds (fileformat2, sections 1.6 and 1.5). */

export type PageOf = (pgno: number) => Uint8Array;

/** A database as it is read here. */
export interface Pages {
  readonly pageOf: PageOf;
  /** Bytes of a page that SQLite uses. */
  readonly usable: number;
}

/** A row of a page: of a table with rowids, or of an index, as which a table WITHOUT ROWID is stored. */
export interface Cell {
  /** Null in an index. */
  readonly rowid: bigint | null;
  readonly payload: Uint8Array;
  /** Pages behind this one that hold the rest of the payload. */
  readonly overflow: readonly number[];
}

const INTERIOR_INDEX = 0x02;
const INTERIOR_TABLE = 0x05;
const LEAF_INDEX = 0x0a;
const LEAF_TABLE = 0x0d;
/** Deeper than any database of SQLite's can be; bounds what a damaged one can make us do. */
const DEPTH_MAX = 40;
const HEADER_BYTES = 100;

export function isTableLeaf(image: Uint8Array, pgno: number): boolean {
  return image[headerAt(pgno)] === LEAF_TABLE;
}

export function isIndexPage(image: Uint8Array, pgno: number): boolean {
  const kind = image[headerAt(pgno)];
  return kind === LEAF_INDEX || kind === INTERIOR_INDEX;
}

export function isBtreePage(image: Uint8Array, pgno: number): boolean {
  return isInterior(image, pgno) || isTableLeaf(image, pgno) || isIndexPage(image, pgno);
}

function isInterior(image: Uint8Array, pgno: number): boolean {
  const kind = image[headerAt(pgno)];
  return kind === INTERIOR_TABLE || kind === INTERIOR_INDEX;
}

/** The rows on a page, their overflow pages read; none on an interior page of a table. Throws RangeError for what is no b-tree page. */
export function cellsOf(image: Uint8Array, pgno: number, usable: number, pageOf: PageOf): Cell[] {
  const kind = image[headerAt(pgno)];
  if (kind === INTERIOR_TABLE) return [];
  const view = viewOf(image);
  const isTable = kind === LEAF_TABLE;
  return cellOffsets(view, pgno).map((at) => {
    const size = varint(view, kind === INTERIOR_INDEX ? at + 4 : at);
    const rowid = isTable ? varint(view, size.end) : null;
    const total = Number(size.value);
    const read = payloadAt(view, (rowid ?? size).end, total, localBytes(total, usable, isTable), {
      usable,
      pageOf,
    });
    return { rowid: rowid === null ? null : BigInt.asIntN(64, rowid.value), ...read };
  });
}

/** The rowid of the first row on a leaf page of a table; null if it has none. Reads no other page. */
export function firstRowid(image: Uint8Array, pgno: number): bigint | null {
  const view = viewOf(image);
  const [at] = cellOffsets(view, pgno);
  return at === undefined ? null : BigInt.asIntN(64, varint(view, varint(view, at).end).value);
}

/** The leaf page on which a table with this root has, or would have, the row. */
export function leafOf(root: number, rowid: bigint, pageOf: PageOf): number {
  let pgno = root;
  for (let depth = 0; depth < DEPTH_MAX; depth++) {
    const view = viewOf(pageOf(pgno));
    if (view.getUint8(headerAt(pgno)) !== INTERIOR_TABLE) return pgno;
    pgno = childFor(view, pgno, rowid);
  }
  throw new RangeError('the pages of a table form a circle');
}

/** All pages of a b-tree without overflow pages. Reads the interior ones: all leaves lie at the same depth. */
export function* pagesOf(root: number, pageOf: PageOf): Generator<number> {
  let height = 0;
  for (let pgno = root; isInterior(pageOf(pgno), pgno); height++) {
    if (height >= DEPTH_MAX) throw new RangeError('the pages of a table form a circle');
    pgno = childrenOf(pageOf(pgno), pgno)[0]!;
  }
  yield* pagesBelow(root, height, pageOf);
}

function* pagesBelow(pgno: number, height: number, pageOf: PageOf): Generator<number> {
  yield pgno;
  if (height === 0) return;
  for (const child of childrenOf(pageOf(pgno), pgno)) yield* pagesBelow(child, height - 1, pageOf);
}

function childrenOf(image: Uint8Array, pgno: number): number[] {
  const view = viewOf(image);
  return [
    ...cellOffsets(view, pgno).map((at) => view.getUint32(at)),
    view.getUint32(headerAt(pgno) + 8),
  ];
}

/** All rows of a table: for the schema, which is small. */
export function* scanTable(root: number, usable: number, pageOf: PageOf): Generator<Cell> {
  for (const pgno of pagesOf(root, pageOf)) yield* cellsOf(pageOf(pgno), pgno, usable, pageOf);
}

export function varint(view: DataView, at: number): { value: bigint; end: number } {
  let value = 0n;
  for (let i = 0; i < 8; i++) {
    const byte = view.getUint8(at + i);
    value = (value << 7n) | BigInt(byte & 0x7f);
    if (byte < 0x80) return { value, end: at + i + 1 };
  }
  return { value: (value << 8n) | BigInt(view.getUint8(at + 8)), end: at + 9 };
}

function headerAt(pgno: number): number {
  return pgno === 1 ? HEADER_BYTES : 0;
}

function cellOffsets(view: DataView, pgno: number): number[] {
  const header = headerAt(pgno);
  const kind = view.getUint8(header);
  const pointers = header + (kind === INTERIOR_TABLE || kind === INTERIOR_INDEX ? 12 : 8);
  const count = view.getUint16(header + 3);
  return Array.from({ length: count }, (_, i) => view.getUint16(pointers + 2 * i));
}

function childFor(view: DataView, pgno: number, rowid: bigint): number {
  for (const at of cellOffsets(view, pgno))
    if (rowid <= BigInt.asIntN(64, varint(view, at + 4).value)) return view.getUint32(at);
  return view.getUint32(headerAt(pgno) + 8);
}

function payloadAt(
  view: DataView,
  at: number,
  total: number,
  local: number,
  { usable, pageOf }: { usable: number; pageOf: PageOf },
): Pick<Cell, 'payload' | 'overflow'> {
  const parts = [new Uint8Array(view.buffer, view.byteOffset + at, local)];
  const overflow = new Set<number>();
  let next = local < total ? view.getUint32(at + local) : 0;
  for (let done = local; done < total; ) {
    // Only what is there is taken, so that a damaged length costs no more than the database has.
    if (next === 0 || overflow.has(next)) throw new RangeError('the pages of a row break off');
    const page = pageOf(next);
    const part = page.subarray(4, 4 + Math.min(usable - 4, total - done));
    parts.push(part);
    overflow.add(next);
    done += part.length;
    next = viewOf(page).getUint32(0);
  }
  return { payload: joined(parts, total), overflow: [...overflow] };
}

function joined(parts: readonly Uint8Array[], total: number): Uint8Array {
  const whole = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function localBytes(total: number, usable: number, isTable: boolean): number {
  const max = isTable ? usable - 35 : Math.floor(((usable - 12) * 64) / 255) - 23;
  if (total <= max) return total;
  const min = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fit = min + ((total - min) % (usable - 4));
  return fit <= max ? fit : min;
}
