/** SQLite's table b-trees, as far as it takes to tell which rows a changed page holds (fileformat2, sections 1.6 and 1.5). */

export type PageOf = (pgno: number) => Uint8Array;

/** A row of a leaf page of a table: its rowid, and its record. */
export interface Cell {
  readonly rowid: bigint;
  readonly payload: Uint8Array;
}

const INTERIOR_TABLE = 0x05;
const LEAF_TABLE = 0x0d;
/** Deeper than any database of SQLite's can be; bounds what a damaged one can make us do. */
const DEPTH_MAX = 40;
const HEADER_BYTES = 100;

export function isTableLeaf(image: Uint8Array, pgno: number): boolean {
  return image[headerAt(pgno)] === LEAF_TABLE;
}

/** The rows on a leaf page of a table, their overflow pages read. Throws RangeError for what is not such a page. */
export function cellsOf(image: Uint8Array, pgno: number, usable: number, pageOf: PageOf): Cell[] {
  const view = viewOf(image);
  return cellOffsets(view, pgno).map((at) => {
    const size = varint(view, at);
    const rowid = varint(view, size.end);
    const total = Number(size.value);
    const payload = payloadAt(view, rowid.end, total, usable, pageOf);
    return { rowid: BigInt.asIntN(64, rowid.value), payload };
  });
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

/** All rows of a table: for the schema, which is small. */
export function* scanTable(root: number, usable: number, pageOf: PageOf): Generator<Cell> {
  const image = pageOf(root);
  if (isTableLeaf(image, root)) {
    yield* cellsOf(image, root, usable, pageOf);
    return;
  }
  const view = viewOf(image);
  for (const at of cellOffsets(view, root)) yield* scanTable(view.getUint32(at), usable, pageOf);
  yield* scanTable(view.getUint32(headerAt(root) + 8), usable, pageOf);
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

function viewOf(image: Uint8Array): DataView {
  return new DataView(image.buffer, image.byteOffset, image.byteLength);
}

function cellOffsets(view: DataView, pgno: number): number[] {
  const header = headerAt(pgno);
  const pointers = header + (view.getUint8(header) === INTERIOR_TABLE ? 12 : 8);
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
  usable: number,
  pageOf: PageOf,
): Uint8Array {
  const local = localBytes(total, usable);
  const parts = [new Uint8Array(view.buffer, view.byteOffset + at, local)];
  let next = local < total ? view.getUint32(at + local) : 0;
  const followed = new Set<number>();
  for (let done = local; done < total; ) {
    // Only what is there is taken, so that a damaged length costs no more than the database has.
    if (next === 0 || followed.has(next)) throw new RangeError('the pages of a row break off');
    followed.add(next);
    const page = pageOf(next);
    const part = page.subarray(4, 4 + Math.min(usable - 4, total - done));
    parts.push(part);
    done += part.length;
    next = viewOf(page).getUint32(0);
  }
  return joined(parts, total);
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

function localBytes(total: number, usable: number): number {
  const max = usable - 35;
  if (total <= max) return total;
  const min = Math.floor(((usable - 12) * 32) / 255) - 23;
  const fit = min + ((total - min) % (usable - 4));
  return fit <= max ? fit : min;
}
