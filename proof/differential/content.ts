import { messageOf } from '../../src/base/errors.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';
import { quoted } from './context.ts';
import { CHANCE_PREFIX } from './features/chance.ts';

const OURS = "LIKE '\\_paceline%' ESCAPE '\\'";
/** What ANALYZE writes: it is about Paceline's tables, and those of chance, too. */
const STATISTICS = /^sqlite_stat\d$/;

/**
 * The content of a database as text, without Paceline's own tables. Page numbers, and with them the bytes of the file, differ from
 * plain SQLite's: Paceline's tables take pages, too. So what is compared is everything that they do not touch:
 * - the schema, and the pragmas kept in the file;
 * - every row of every table with its rowid, by quote(), which tells types and every bit; the tables inside virtual tables as well;
 * - the shape of every b-tree, from dbstat: how many pages of which kind, cells, and unused bytes, in key order. Two b-trees with the
 *   same rows and the same shape have the same pages but for the numbers that point to other pages.
 * Values of chance are left out (I7 compares them among the members).
 */
export function contentOf(path: string): Map<string, string> {
  const db = new DatabaseSync(path, { readOnly: true });
  try {
    const content = new Map<string, string>();
    const schema = schemaOf(db);
    content.set('schema', schema.map((row) => row.map((part) => part ?? '').join('\t')).join('\n'));
    for (const pragma of ['user_version', 'application_id', 'encoding', 'auto_vacuum', 'page_size'])
      content.set(pragma, String(first(db, `PRAGMA ${pragma}`)));
    content.set('integrity', String(first(db, 'PRAGMA integrity_check')));
    content.set('foreign keys', foreignKeysOf(db));
    for (const [type, name, , sql] of schema) {
      if (type === 'table' && sql !== null && isStored(sql) && !name!.startsWith(CHANCE_PREFIX))
        content.set(`rows of ${name}`, rowsOf(db, name!));
      if ((type === 'table' || type === 'index') && isComparable(name!, sql))
        content.set(`shape of ${name}`, shapeOf(db, name!));
    }
    return content;
  } finally {
    db.close();
  }
}

/** A key that does not fit its parent makes the whole check fail, with words that say so. */
function foreignKeysOf(db: Connection): string {
  try {
    return all(db, 'PRAGMA foreign_key_check').map(String).join('\n');
  } catch (error) {
    return messageOf(error);
  }
}

/** The first few differences of two contents. */
export function compareContents(plain: Map<string, string>, member: Map<string, string>): string[] {
  const keys = [...new Set([...plain.keys(), ...member.keys()])];
  return keys
    .filter((key) => plain.get(key) !== member.get(key))
    .map(
      (key) =>
        `${key}:\n${firstDifference(plain.get(key) ?? '(none)', member.get(key) ?? '(none)')}`,
    );
}

function firstDifference(plain: string, member: string): string {
  const [a, b] = [plain.split('\n'), member.split('\n')];
  const at = a.findIndex((line, i) => line !== b[i]);
  const line = at === -1 ? a.length : at;
  return `  plain  ${(a[line] ?? '(end)').slice(0, 400)}\n  member ${(b[line] ?? '(end)').slice(0, 400)}`;
}

function isStored(sql: string): boolean {
  return !/^CREATE VIRTUAL/i.test(sql);
}

function isComparable(name: string, sql: string | null): boolean {
  if (name.includes(CHANCE_PREFIX) || STATISTICS.test(name)) return false;
  return sql === null || isStored(sql);
}

/** quote() ends at a NUL. */
function shownExactly(name: string): string {
  const column = quoted(name);
  return `CASE WHEN instr(${column}, char(0)) AND typeof(${column}) = 'text' THEN 'text ' || hex(${column}) ELSE quote(${column}) END`;
}

type SchemaRow = readonly [
  type: string | null,
  name: string | null,
  table: string | null,
  sql: string | null,
];

function schemaOf(db: Connection): SchemaRow[] {
  return all(
    db,
    `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT ${OURS} AND tbl_name NOT ${OURS} ORDER BY type, name`,
  ) as unknown as SchemaRow[];
}

function rowsOf(db: Connection, table: string): string {
  const listed = all(
    db,
    `SELECT wr FROM pragma_table_list('${table.replaceAll("'", "''")}') WHERE schema = 'main'`,
  );
  const columns = all(
    db,
    `SELECT name FROM pragma_table_xinfo('${table.replaceAll("'", "''")}')`,
  ).map(([name]) => String(name));
  const shown = columns.map(shownExactly);
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !columns.includes(name));
  const hasRowid = listed[0]![0] === 0n && rowid !== undefined;
  const isStatistics = STATISTICS.test(table);
  const order = hasRowid && !isStatistics ? rowid : columns.map(quoted).join(', ');
  if (hasRowid && !isStatistics) shown.unshift(rowid);
  const where = isStatistics ? `WHERE tbl NOT ${OURS} AND tbl NOT LIKE '${CHANCE_PREFIX}%'` : '';
  return all(db, `SELECT ${shown.join(', ')} FROM ${quoted(table)} ${where} ORDER BY ${order}`)
    .map((row) => row.join('\t'))
    .join('\n');
}

function shapeOf(db: Connection, name: string): string {
  return all(
    db,
    'SELECT path, pagetype, ncell, payload, unused, mx_payload FROM dbstat WHERE name = ? ORDER BY path',
    name,
  )
    .map((row) => row.join('\t'))
    .join('\n');
}

function all(db: Connection, sql: string, ...args: string[]): unknown[][] {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement.all(...args) as unknown as unknown[][];
}

function first(db: Connection, sql: string): unknown {
  return all(db, sql)
    .map((row) => row[0])
    .join('\n');
}
