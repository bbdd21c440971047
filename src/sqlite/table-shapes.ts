import type { SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { type Cell, type PageOf, scanTable } from './btree.ts';
import { type Decode, decodeRecord } from './record-format.ts';

/** A table of some state of a database, and how its rows lie in records. */
export interface Table {
  readonly name: string;
  readonly root: number;
  /** Those that are stored: generated ones only where they are. */
  readonly columns: readonly string[];
  /** Of a column that was added later, rows from before do not have the value. */
  readonly defaults: readonly SqlValue[];
  /** The column that is the rowid, which the record does not hold; -1 if there is none. */
  readonly rowidColumn: number;
  /** Of a table WITHOUT ROWID: for each place in the record its column, first the `keyColumns` of the primary key. */
  readonly order: readonly number[] | null;
  readonly keyColumns: number;
}

type Shape = Omit<Table, 'name' | 'root'>;

/** SQLite's own tables, and Paceline's: nobody's rows. */
const INTERNAL = /^(sqlite_|_paceline)/i;

/** The tables that a database has whose pages these are; `onUnknown` is told of those that cannot be understood. */
export function tablesOf(
  pageOf: PageOf,
  usable: number,
  decode: Decode,
  onUnknown: (table: string) => void,
): Table[] {
  const tables: Table[] = [];
  for (const { payload } of scanTable(1, usable, pageOf)) {
    const [type, name, , root, sql] = decodeRecord(payload, decode);
    if (type !== 'table' || typeof root !== 'number' || root === 0) continue;
    if (typeof name !== 'string' || typeof sql !== 'string' || INTERNAL.test(name)) continue;
    try {
      tables.push({ name, root, ...shapeOf(name, sql) });
    } catch {
      onUnknown(name);
    }
  }
  return tables;
}

/** The values of a row, in the order of the columns. */
export function valuesOf({ payload, rowid }: Cell, table: Table, decode: Decode): SqlValue[] {
  const stored = decodeRecord(payload, decode);
  const { defaults, order, rowidColumn } = table;
  const values = defaults.map((value, i) => stored[order === null ? i : order.indexOf(i)] ?? value);
  // A stored NULL is no missing value.
  for (const [place, value] of stored.entries()) values[order?.[place] ?? place] = value;
  if (rowidColumn >= 0 && rowid !== null) values[rowidColumn] = narrow(rowid);
  return values;
}

/** Asks SQLite, by making the table in an empty database. Throws where it refuses. */
function shapeOf(name: string, sql: string): Shape {
  const scratch: Connection = new DatabaseSync(':memory:');
  try {
    scratch.exec(sql);
    const columns = scratch
      .prepare('SELECT cid, name, dflt_value, hidden FROM pragma_table_xinfo(?)')
      .all(name) as { cid: number; name: string; dflt_value: string | null; hidden: number }[];
    const stored = columns.filter(({ hidden }) => hidden !== 2);
    const places = primaryKeyOf(scratch, name);
    const isWithoutRowid = withoutRowid(scratch, name);
    const order = places.map(({ cid }) => stored.findIndex((column) => column.cid === cid));
    return {
      columns: stored.map((column) => column.name),
      defaults: stored.map(({ dflt_value }) => constant(scratch, dflt_value)),
      rowidColumn: isWithoutRowid || places.length > 0 ? -1 : rowidColumn(scratch, name, stored),
      order: isWithoutRowid ? order : null,
      keyColumns: places.filter(({ key }) => key === 1).length,
    };
  } finally {
    scratch.close();
  }
}

function withoutRowid(scratch: Connection, name: string): boolean {
  const sql = "SELECT wr FROM pragma_table_list(?) WHERE schema = 'main'";
  return (scratch.prepare(sql).get(name) as { wr: number }).wr === 1;
}

/** The columns of the index that the primary key is, or has; none where it is the rowid, or there is none. */
function primaryKeyOf(scratch: Connection, name: string): { cid: number; key: number }[] {
  return scratch
    .prepare(
      `SELECT x.cid, x.key FROM pragma_index_list(?) AS l, pragma_index_xinfo(l.name) AS x
       WHERE l.origin = 'pk' ORDER BY x.seqno`,
    )
    .all(name) as { cid: number; key: number }[];
}

/** A single INTEGER PRIMARY KEY without an index of its own, which one that is DESC has. */
function rowidColumn(
  scratch: Connection,
  name: string,
  stored: readonly { readonly cid: number }[],
): number {
  const keys = scratch.prepare('SELECT cid FROM pragma_table_xinfo(?) WHERE pk > 0').all(name) as {
    cid: number;
  }[];
  return stored.findIndex(({ cid }) => cid === keys[0]?.cid);
}

/** Defaults of columns that are added to rows that exist are constants; others no row lacks. */
function constant(scratch: Connection, sql: string | null): SqlValue {
  if (sql === null) return null;
  return (scratch.prepare(`SELECT ${sql} AS value`).get() as { value: SqlValue }).value;
}
