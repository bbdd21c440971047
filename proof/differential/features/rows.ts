/** Statements that change rows of the tables that are there. */
import type { Table } from '../catalog.ts';
import { type Context, type Feature, quoted, writable } from '../context.ts';
import { type CallDraft, type Draft, execute } from '../step.ts';

const ROWS_MAX = 150;
const CONFLICTS = ['ABORT', 'FAIL', 'IGNORE', 'REPLACE', 'ROLLBACK'];

function withTable(make: (c: Context, table: Table, names: string[]) => Draft | null) {
  return (c: Context): Draft | null => {
    const table = c.table();
    if (table === null) return null;
    return make(
      c,
      table,
      writable(table).map(({ name }) => quoted(name)),
    );
  };
}

function room(c: Context, table: Table): boolean {
  return c.catalog.rows(table.name) < ROWS_MAX;
}

/** INSERT of `rows` rows with parameters. */
export function insertion(
  c: Context,
  table: Table,
  verb: string,
  rows: number,
  tail = '',
): CallDraft {
  const columns = writable(table);
  const names = columns.map(({ name }) => quoted(name)).join(', ');
  const one = `(${columns.map(() => '?').join(', ')})`;
  const args = Array.from({ length: rows }, () =>
    columns.map((column) => c.valueFor(column)),
  ).flat();
  const values = Array.from({ length: rows }, () => one).join(', ');
  return execute(`${verb} INTO ${table.name}(${names}) VALUES ${values}${tail}`, args);
}

const insertions: Feature[] = [
  {
    name: 'insert with parameters',
    weight: 10,
    make: withTable((c, table) => (room(c, table) ? insertion(c, table, 'INSERT', 1) : null)),
  },
  {
    name: 'insert of many rows',
    weight: 5,
    make: withTable((c, table) =>
      room(c, table) ? insertion(c, table, 'INSERT', c.int(2, 8)) : null,
    ),
  },
  {
    name: 'insert with named parameters',
    make: withTable((c, table) => {
      const columns = writable(table).slice(0, 3);
      const names = columns.map(({ name }) => quoted(name)).join(', ');
      const marks = [':one', '@two', '$three'].slice(0, columns.length);
      const args = Object.fromEntries(
        columns.map((column, i) => [
          c.chance(0.5) ? marks[i]! : marks[i]!.slice(1),
          c.valueFor(column),
        ]),
      );
      return execute(`INSERT INTO ${table.name}(${names}) VALUES (${marks.join(', ')})`, args);
    }),
  },
  {
    name: 'insert with numbered parameters',
    make: withTable((c, table, names) =>
      execute(
        `INSERT INTO ${table.name}(${names.slice(0, 2).join(', ')}) VALUES (${names.length > 1 ? '?2, ?1' : '?1'})`,
        names.slice(0, 2).map(() => c.value()),
      ),
    ),
  },
  {
    name: 'insert of literals',
    weight: 2,
    make: withTable((c, table, names) =>
      execute(
        `INSERT INTO ${table.name}(${names.join(', ')}) VALUES (${writable(table)
          .map((column) => c.literal(c.valueFor(column)))
          .join(', ')})`,
      ),
    ),
  },
  {
    name: 'insert default values',
    make: withTable((_c, table) => execute(`INSERT INTO ${table.name} DEFAULT VALUES`)),
  },
  {
    name: 'insert select',
    make: withTable((c, table, names) => {
      const source = c.table()!;
      const from = Array.from(names, (_, i) =>
        quoted(source.columns[i % source.columns.length]!.name),
      );
      const order = source.columns.map(({ name }) => quoted(name)).join(', ');
      if (!room(c, table)) return null;
      return execute(
        `INSERT OR IGNORE INTO ${table.name}(${names.join(', ')}) SELECT ${from.join(', ')} FROM ${source.name} ORDER BY ${order} LIMIT 10`,
      );
    }),
  },
  {
    name: 'insert returning',
    weight: 3,
    make: withTable((c, table) => {
      const types = table.columns.map(({ name }) => `typeof(${quoted(name)})`).join(', ');
      return insertion(c, table, 'INSERT', c.int(1, 3), ` RETURNING *, ${types}`);
    }),
  },
  {
    name: 'replace',
    weight: 2,
    make: withTable((c, table) => insertion(c, table, 'REPLACE', c.int(1, 3))),
  },
  ...CONFLICTS.map(
    (how): Feature => ({
      name: `insert or ${how.toLowerCase()}`,
      weight: 2,
      make: withTable((c, table) =>
        room(c, table) ? insertion(c, table, `INSERT OR ${how}`, c.int(1, 5)) : null,
      ),
    }),
  ),
];

const upserts: Feature[] = [
  {
    name: 'upsert do nothing',
    weight: 2,
    make: withTable((c, table) =>
      insertion(c, table, 'INSERT', c.int(1, 4), ' ON CONFLICT DO NOTHING'),
    ),
  },
  {
    name: 'upsert do update',
    weight: 3,
    make: withTable((c, table, names) => {
      const keys = table.columns
        .filter(({ primaryKey }) => primaryKey)
        .map(({ name }) => quoted(name));
      const last = names.at(-1)!;
      if (keys.length === 0 || keys.includes(last)) return null;
      const where = c.chance(0.3) ? ` WHERE excluded.${last} IS NOT ${table.name}.${last}` : '';
      const returning = c.chance(0.4) ? ' RETURNING *' : '';
      return insertion(
        c,
        table,
        'INSERT',
        c.int(1, 4),
        ` ON CONFLICT(${keys.join(', ')}) DO UPDATE SET ${last} = excluded.${last}${where}${returning}`,
      );
    }),
  },
];

function condition(c: Context, names: readonly string[]): string {
  const name = c.pick(names);
  return c.pick([
    `${name} > ${c.int(0, 400)}`,
    `${name} = ${c.literal()}`,
    `${name} IS NULL`,
    `typeof(${name}) = 'text' AND ${name} LIKE 'w%'`,
    `${name} BETWEEN 10 AND 90`,
    `${name} IN (1, 2, 'abc', NULL)`,
    `rowid % 5 = ${c.int(0, 4)}`,
  ]);
}

const updates: Feature[] = [
  {
    name: 'update',
    weight: 6,
    make: withTable((c, table, names) =>
      execute(`UPDATE ${table.name} SET ${c.pick(names)} = ? WHERE ${condition(c, names)}`, [
        c.value(),
      ]),
    ),
  },
  {
    name: 'update with an expression',
    weight: 3,
    make: withTable((c, table, names) => {
      const name = c.pick(names);
      return execute(
        `UPDATE ${table.name} SET ${name} = CASE typeof(${name}) WHEN 'text' THEN substr(${name} || '!', 1, 20) WHEN 'integer' THEN ${name} / 2 ELSE ${name} END WHERE ${condition(c, names)}`,
      );
    }),
  },
  ...CONFLICTS.map(
    (how): Feature => ({
      name: `update or ${how.toLowerCase()}`,
      make: withTable((c, table, names) =>
        execute(
          `UPDATE OR ${how} ${table.name} SET ${c.pick(names)} = ? WHERE ${condition(c, names)}`,
          [c.value()],
        ),
      ),
    }),
  ),
  {
    name: 'update from',
    make: withTable((c, table, names) => {
      const name = c.pick(names);
      return execute(
        `UPDATE ${table.name} SET ${name} = s.v FROM (SELECT 17 AS k, 'from' AS v UNION ALL SELECT ?, 'there') AS s WHERE ${table.name}.${c.pick(names)} = s.k`,
        [c.int(0, 60)],
      );
    }),
  },
  {
    name: 'update of a row value',
    make: withTable((c, table, names) =>
      names.length < 2
        ? null
        : execute(
            `UPDATE ${table.name} SET (${names[0]}, ${names[1]}) = (SELECT ?, ?) WHERE ${condition(c, names)}`,
            [c.value(), c.value()],
          ),
    ),
  },
  {
    name: 'update returning',
    weight: 2,
    make: withTable((c, table, names) => ({
      ...execute(
        `UPDATE ${table.name} SET ${c.pick(names)} = ? WHERE ${condition(c, names)} RETURNING *, 1 + 1 AS two`,
        [c.value()],
      ),
      anyOrder: true,
    })),
  },
];

const deletions: Feature[] = [
  {
    name: 'delete',
    weight: 2,
    make: withTable((c, table, names) =>
      execute(`DELETE FROM ${table.name} WHERE ${condition(c, names)}`),
    ),
  },
  {
    name: 'delete returning',
    make: withTable((c, table, names) => ({
      ...execute(`DELETE FROM ${table.name} WHERE ${condition(c, names)} RETURNING *`),
      anyOrder: true,
    })),
  },
  {
    name: 'delete of the first few',
    make: withTable((c, { name, withoutRowid }, names) => {
      const few = `SELECT rowid FROM ${name} WHERE ${condition(c, names)} ORDER BY rowid LIMIT 3`;
      return withoutRowid ? null : execute(`DELETE FROM ${name} WHERE rowid IN (${few})`);
    }),
  },
  {
    name: 'delete all',
    make: withTable((c, table) => (c.chance(0.3) ? execute(`DELETE FROM ${table.name}`) : null)),
  },
  {
    name: 'delete with a recursive CTE',
    make: withTable((c, table, names) => {
      return execute(
        `WITH RECURSIVE n(i) AS (SELECT ? UNION ALL SELECT i + 7 FROM n WHERE i < 100) DELETE FROM ${table.name} WHERE ${c.pick(names)} IN (SELECT i FROM n)`,
        [c.int(0, 9)],
      );
    }),
  },
  {
    name: 'insert with a recursive CTE',
    make: withTable((c, table, names) => {
      if (!room(c, table)) return null;
      return execute(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12) INSERT OR IGNORE INTO ${table.name}(${names.slice(0, 2).join(', ')}) SELECT i + ?${names.length > 1 ? ", 'cte' || i" : ''} FROM n ORDER BY i`,
        [c.int(0, 900)],
      );
    }),
  },
];

export const ROW_FEATURES: readonly Feature[] = [
  ...insertions,
  ...upserts,
  ...updates,
  ...deletions,
];
