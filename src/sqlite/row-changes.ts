import type { SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import {
  type Cell,
  cellsOf,
  firstRowid,
  isIndexPage,
  isTableLeaf,
  leafOf,
  type PageOf,
  type Pages,
  pagesOf,
} from './btree.ts';
import { freedBetween } from './free-pages.ts';
import { ownersOfOverflow } from './overflow-owners.ts';
import { type Decode, decodeRecord, textOf } from './record-format.ts';
import { type Table, tablesOf, valuesOf } from './table-shapes.ts';

/** One row that differs between two states of a database; null where it does not exist. */
export interface RowChange {
  readonly table: string;
  /** Null in a table WITHOUT ROWID. */
  readonly rowid: number | bigint | null;
  readonly columns: readonly string[];
  readonly before: readonly SqlValue[] | null;
  readonly after: readonly SqlValue[] | null;
}

export interface RowChanges {
  readonly rows: readonly RowChange[];
  /** What could not be told, in words. */
  readonly untold: readonly string[];
}

/** Of the pages that were given up, as with a dropped table: their rows are all told, and in memory together. */
const FREED_MAX = 16_384;

interface State extends Pages {
  readonly decode: Decode;
  readonly tables: readonly Table[];
}

/**
 * The rows that differ between two states of which these pages differ; those of SQLite's own tables and of Paceline's are left out.
 * A row of a table WITHOUT ROWID whose key is changed is a deleted one and an inserted one.
 */
export function rowChanges(before: PageOf, after: PageOf, changed: readonly number[]): RowChanges {
  const unknown = new Set<string>();
  const [old, now] = [before, after].map((pageOf) => stateOf(pageOf, (name) => unknown.add(name)));
  const untold = [...unknown].map((name) => `rows of ${name}, whose schema is not understood here`);
  const freed = [...freedBetween(before, after)];
  if (freed.length > FREED_MAX) untold.push(`rows on ${freed.length - FREED_MAX} pages given up`);
  const roots = now!.tables.map(({ root }) => root);
  const { owners, complete } = ownersOfOverflow(now!, roots, changed);
  if (!complete) untold.push('rows of which only the end of a long value changed');
  const pgnos = new Set([...changed, ...owners, ...freed.slice(0, FREED_MAX)]);
  return { rows: changesOn(old!, now!, [...pgnos]), untold };
}

function changesOn(old: State, now: State, pgnos: readonly number[]): RowChange[] {
  const [were, are] = [rowsOn(old, pgnos), rowsOn(now, pgnos)];
  const changes: RowChange[] = [];
  for (const key of new Set([...were.keys(), ...are.keys()])) {
    const [was, is] = [were.get(key), are.get(key)];
    if (sameBytes(was?.cell.payload, is?.cell.payload)) continue;
    const [before, after] = [valuesIn(was, old), valuesIn(is, now)];
    // A row that was written before a column was added lacks it until it is written again.
    if (sameValues(before, after)) continue;
    const { table, cell } = (is ?? was)!;
    const rowid = cell.rowid === null ? null : narrow(cell.rowid);
    changes.push({ table: table.name, rowid, columns: table.columns, before, after });
  }
  return changes;
}

function valuesIn(row: FoundRow | undefined, { decode }: State): SqlValue[] | null {
  return row === undefined ? null : valuesOf(row.cell, row.table, decode);
}

function sameValues(one: SqlValue[] | null, other: SqlValue[] | null): boolean {
  if (one === null || other === null || one.length !== other.length) return false;
  return one.every((value, i) => {
    const beside = other[i];
    if (!(value instanceof Uint8Array)) return Object.is(value, beside);
    return beside instanceof Uint8Array && sameBytes(value, beside);
  });
}

function stateOf(pageOf: PageOf, onUnknown: (table: string) => void): State {
  const header = pageOf(1);
  const usable = header.length - header[20]!;
  const decode = textOf(header);
  return { pageOf, usable, decode, tables: tablesOf(pageOf, usable, decode, onUnknown) };
}

interface FoundRow {
  readonly table: Table;
  readonly cell: Cell;
}

function rowsOn(state: State, pgnos: readonly number[]): Map<string, FoundRow> {
  const { pageOf, usable } = state;
  const rows = new Map<string, FoundRow>();
  const indexPages = pgnos.filter((pgno) => pgno > 1 && isIndexPage(pageOf(pgno), pgno));
  const owners = indexPages.length === 0 ? null : ownersOfIndexPages(state, new Set(indexPages));
  for (const pgno of pgnos) {
    const table = owners?.get(pgno) ?? ownerOfLeaf(state, pgno);
    if (table === undefined) continue;
    for (const cell of cellsOf(pageOf(pgno), pgno, usable, pageOf))
      rows.set(keyOf(cell, table, state.decode), { table, cell });
  }
  return rows;
}

/**
 * The table with rowids that a page belongs to. A freed page keeps its last content, and belongs to none, which a search from the root
 * tells: the pages that its rows went on in may be anything by now.
 */
function ownerOfLeaf({ pageOf, tables }: State, pgno: number): Table | undefined {
  const image = pageOf(pgno);
  const at = pgno > 1 && isTableLeaf(image, pgno) ? firstRowid(image, pgno) : null;
  if (at === null) return undefined;
  return tables.find(({ root, order }) => order === null && leafOf(root, at, pageOf) === pgno);
}

/** Tables WITHOUT ROWID have no numbers to be found by: their interior pages are read, which name all the others. */
function ownersOfIndexPages({ tables, pageOf }: State, wanted: Set<number>): Map<number, Table> {
  const owners = new Map<number, Table>();
  for (const table of tables) {
    if (table.order === null) continue;
    for (const pgno of pagesOf(table.root, pageOf)) if (wanted.has(pgno)) owners.set(pgno, table);
  }
  return owners;
}

/** What a row is known by in both states. */
function keyOf({ rowid, payload }: Cell, { name, keyColumns }: Table, decode: Decode): string {
  if (rowid !== null) return `${name} ${rowid}`;
  const key = decodeRecord(payload, decode).slice(0, keyColumns);
  return `${name} ${key.map((value) => `${typeof value} ${value}`).join('\0')}`;
}

function sameBytes(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one?.length !== other?.length) return false;
  return one?.every((byte, i) => byte === other![i]) ?? false;
}
