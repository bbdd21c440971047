import type { SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { cellsOf, isTableLeaf, leafOf, type PageOf, scanTable } from './btree.ts';
import { type Decode, decodeRecord } from './record-format.ts';

/** One row that differs between two states of a database; null where it does not exist. */
export interface RowChange {
  readonly table: string;
  readonly rowid: number | bigint;
  readonly columns: readonly string[];
  readonly before: readonly SqlValue[] | null;
  readonly after: readonly SqlValue[] | null;
}

interface Table {
  readonly name: string;
  readonly root: number;
  readonly columns: readonly string[];
  /** The column that is the rowid, which the record does not hold; -1 if there is none. */
  readonly rowidColumn: number;
}

interface State {
  readonly pageOf: PageOf;
  readonly usable: number;
  readonly decode: Decode;
  readonly tables: readonly Table[];
}

/**
 * The rows that differ between two states of which these pages differ: of tables with rowids, Paceline's own left out.
 * Rows of other tables (WITHOUT ROWID, virtual ones' contents apart) cannot be told from pages alone.
 */
export function rowChanges(before: PageOf, after: PageOf, changed: readonly number[]): RowChange[] {
  const [old, now] = [stateOf(before), stateOf(after)];
  const [were, are] = [rowsOn(old, changed), rowsOn(now, changed)];
  const changes: RowChange[] = [];
  for (const key of new Set([...were.keys(), ...are.keys()])) {
    const [was, is] = [were.get(key), are.get(key)];
    if (was !== undefined && is !== undefined && sameBytes(was.payload, is.payload)) continue;
    const { table, rowid } = (is ?? was)!;
    const values = (row: typeof was, { decode }: State) =>
      row === undefined ? null : valuesOf(row.payload, row.rowid, row.table, decode);
    const columns = table.columns;
    changes.push({
      ...{ table: table.name, rowid: narrow(rowid), columns },
      ...{ before: values(was, old), after: values(is, now) },
    });
  }
  return changes;
}

function stateOf(pageOf: PageOf): State {
  const header = pageOf(1);
  const view = new DataView(header.buffer, header.byteOffset);
  const usable = header.length - header[20]!;
  const encodings: Record<number, string> = { 2: 'utf-16le', 3: 'utf-16be' };
  const decoder = new TextDecoder(encodings[view.getUint32(56)] ?? 'utf-8');
  const decode = (bytes: Uint8Array) => decoder.decode(bytes);
  const tables: Table[] = [];
  for (const { payload } of scanTable(1, usable, pageOf)) {
    const [type, name, , root, sql] = decodeRecord(payload, decode);
    if (type !== 'table' || typeof root !== 'number' || root === 0) continue;
    if (typeof name !== 'string' || name.startsWith('_paceline') || typeof sql !== 'string')
      continue;
    const shape = shapeOf(name, sql);
    if (shape !== null) tables.push({ name, root, ...shape });
  }
  return { pageOf, usable, decode, tables };
}

/** Null for a table without rowids, whose pages are an index's. */
function shapeOf(name: string, sql: string): Pick<Table, 'columns' | 'rowidColumn'> | null {
  const scratch: Connection = new DatabaseSync(':memory:');
  try {
    scratch.exec(sql);
    const { wr } = scratch
      .prepare("SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'")
      .get(name) as { wr: number };
    if (wr === 1) return null;
    const columns = scratch
      .prepare('SELECT name, type, pk FROM pragma_table_xinfo(?) WHERE hidden <> 2')
      .all(name) as { name: string; type: string; pk: number }[];
    const keys = columns.filter(({ pk }) => pk > 0);
    const isRowid = keys.length === 1 && keys[0]!.type.toUpperCase() === 'INTEGER';
    const rowidColumn = isRowid ? columns.indexOf(keys[0]!) : -1;
    return { columns: columns.map((column) => column.name), rowidColumn };
  } finally {
    scratch.close();
  }
}

interface FoundRow {
  readonly table: Table;
  readonly rowid: bigint;
  readonly payload: Uint8Array;
}

function rowsOn(
  { pageOf, usable, tables }: State,
  pgnos: readonly number[],
): Map<string, FoundRow> {
  const rows = new Map<string, FoundRow>();
  for (const pgno of pgnos) {
    const image = pageOf(pgno);
    if (pgno === 1 || !isTableLeaf(image, pgno)) continue;
    // A freed page keeps its last content: it belongs to no table, which a search from the root tells.
    const cells = cellsOf(image, pgno, usable, pageOf);
    const [first] = cells;
    const table = tables.find(
      ({ root }) => first !== undefined && leafOf(root, first.rowid, pageOf) === pgno,
    );
    if (table === undefined) continue;
    for (const { rowid, payload } of cells)
      rows.set(`${table.name} ${rowid}`, { table, rowid, payload });
  }
  return rows;
}

function valuesOf(payload: Uint8Array, rowid: bigint, table: Table, decode: Decode): SqlValue[] {
  const values = decodeRecord(payload, decode);
  if (table.rowidColumn >= 0) values[table.rowidColumn] = narrow(rowid);
  return values;
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}
