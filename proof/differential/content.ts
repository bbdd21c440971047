import { messageOf } from '../../src/base/errors.ts';
import { type Connection, DatabaseSync } from '../../src/sqlite/binding.ts';
import { quoted } from './context.ts';
import { CHANCE_PREFIX } from './features/chance.ts';

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
  return !name.includes(CHANCE_PREFIX) && (sql === null || isStored(sql));
}

type SchemaRow = readonly [
  type: string | null,
  name: string | null,
  table: string | null,
  sql: string | null,
];

function schemaOf(db: Connection): SchemaRow[] {
  const ours = "LIKE '\\_paceline%' ESCAPE '\\'";
  return all(
    db,
    `SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT ${ours} AND tbl_name NOT ${ours} ORDER BY type, name`,
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
  const shown = columns.map((name) => `quote(${quoted(name)})`);
  const rowid = ['rowid', '_rowid_', 'oid'].find((name) => !columns.includes(name));
  const hasRowid = listed[0]![0] === 0n && rowid !== undefined;
  const order = hasRowid ? rowid : columns.map(quoted).join(', ');
  if (hasRowid) shown.unshift(rowid);
  return all(db, `SELECT ${shown.join(', ')} FROM ${quoted(table)} ORDER BY ${order}`)
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
