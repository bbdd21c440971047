/** Several statements as one transaction: compared with BEGIN … COMMIT. */
import { type Context, type Feature, quoted, writable } from '../context.ts';
import { batch, type DifferentialStatement, type Draft, statement } from '../step.ts';
import { insertion } from './rows.ts';

/** A few writes that mostly succeed. */
function writes(c: Context, count: number): DifferentialStatement[] {
  const tables = c.catalog.tables();
  return Array.from({ length: count }, () => {
    const table = c.pick(tables);
    const name = quoted(c.pick(writable(table)).name);
    if (c.chance(0.6)) return insertion(c, table, 'INSERT OR IGNORE', c.int(1, 3)).statements[0]!;
    return statement(`UPDATE OR IGNORE ${table.name} SET ${name} = ? WHERE ${name} = ?`, [
      c.value(),
      c.value(),
    ]);
  });
}

function withTables(make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.tables().length === 0 ? null : make(c));
}

/** Two tables that speak of each other by last_insert_rowid(). */
const LINKED = 'CREATE TABLE orders(id INTEGER PRIMARY KEY, who TEXT UNIQUE)';

const batches: Feature[] = [
  { name: 'batch of writes', weight: 6, make: withTables((c) => batch(writes(c, c.int(2, 6)))) },
  { name: 'batch of one', make: withTables((c) => batch(writes(c, 1))) },
  {
    name: 'batch that fails in the middle',
    succeeds: false,
    weight: 2,
    make: withTables((c) =>
      batch([...writes(c, 3), 'INSERT INTO nothing_here VALUES (1)', ...writes(c, 1)]),
    ),
  },
  {
    name: 'batch that reads its own writes',
    weight: 2,
    make: withTables((c) => {
      const table = c.table()!;
      return batch([
        ...writes(c, 2),
        `SELECT count(*) FROM ${table.name}`,
        `DELETE FROM ${table.name} WHERE 0`,
        'SELECT changes()',
      ]);
    }),
  },
  {
    name: 'batch with a change of schema',
    make: withTables((c) => {
      const table = c.fresh('u');
      return batch([
        `CREATE TABLE ${table}(a, b UNIQUE)`,
        `INSERT INTO ${table} VALUES (1, 2), (3, 4)`,
        `CREATE INDEX ${table}_a ON ${table}(a)`,
        `ALTER TABLE ${table} ADD COLUMN d DEFAULT 9`,
        `SELECT * FROM ${table} ORDER BY a`,
        `DROP TABLE ${table}`,
      ]);
    }),
  },
  {
    name: 'batch whose change of schema is undone',
    succeeds: false,
    make: withTables((c) => {
      const table = c.fresh('u');
      return batch([
        ...writes(c, 1),
        `CREATE TABLE ${table}(a PRIMARY KEY)`,
        `INSERT INTO ${table} VALUES (1)`,
        `ALTER TABLE ${table} RENAME TO ${table}x`,
        `INSERT INTO ${table}x VALUES (1)`,
      ]);
    }),
  },
  {
    name: 'batch that rolls back by itself',
    succeeds: false,
    make: (c) =>
      c.catalog.has('orders')
        ? batch([
            ...(c.catalog.tables().length > 0 ? writes(c, 2) : []),
            "INSERT INTO orders(who) VALUES ('r1')",
            "INSERT OR ROLLBACK INTO orders(who) VALUES ('r1')",
            "INSERT INTO orders(who) VALUES ('r2')",
          ])
        : null,
  },
  {
    name: 'batch of many statements',
    make: (c) =>
      c.catalog.has('audit')
        ? batch(
            Array.from({ length: 40 }, (_, i) =>
              statement('INSERT INTO audit(what, old) VALUES (?, ?)', [`many ${i}`, c.value()]),
            ),
          )
        : null,
  },
];

const links: Feature[] = [
  {
    name: 'create tables of orders',
    weight: 4,
    make: (c) =>
      c.catalog.has('orders')
        ? null
        : batch([
            LINKED,
            'CREATE TABLE lines(o INT, n INT, what TEXT, PRIMARY KEY(o, n)) WITHOUT ROWID',
          ]),
  },
  {
    name: 'last_insert_rowid() in a batch',
    weight: 2,
    make: (c) =>
      c.catalog.has('orders')
        ? batch(
            [
              statement('INSERT INTO orders(who) VALUES (?)', [c.fresh('who')]),
              'SELECT last_insert_rowid(), changes()',
              'INSERT INTO parent(code) SELECT last_insert_rowid() WHERE 0',
              'SELECT last_insert_rowid()',
            ].slice(0, c.catalog.has('parent') ? 4 : 2),
          )
        : null,
  },
  {
    name: 'last_insert_rowid() into a table without rowid',
    weight: 2,
    make: (c) =>
      c.catalog.has('orders')
        ? batch([
            statement('INSERT INTO orders(who) VALUES (?)', [c.fresh('who')]),
            "INSERT INTO lines VALUES (last_insert_rowid(), 1, 'first'), (last_insert_rowid(), 2, 'second')",
            'SELECT last_insert_rowid() = (SELECT max(o) FROM lines)',
          ])
        : null,
  },
  {
    name: 'last_insert_rowid() in an upsert',
    weight: 2,
    make: (c) =>
      c.catalog.has('orders')
        ? batch([
            statement('INSERT INTO orders(who) VALUES (?)', [c.fresh('who')]),
            statement(
              'INSERT INTO lines VALUES (last_insert_rowid(), ?, ?) ON CONFLICT DO UPDATE SET what = excluded.what',
              [c.int(1, 3), c.text()],
            ),
            'SELECT last_insert_rowid() = (SELECT max(o) FROM lines)',
          ])
        : null,
  },
  {
    name: 'last_insert_rowid() after an upsert',
    weight: 2,
    make: (c) =>
      c.catalog.has('orders')
        ? batch([
            statement('INSERT INTO orders(who) VALUES (?)', [c.fresh('who')]),
            statement('INSERT INTO orders(id, who) VALUES (?, ?) ON CONFLICT DO NOTHING', [
              c.int(1, 20),
              c.fresh('who'),
            ]),
            'SELECT last_insert_rowid(), changes()',
          ])
        : null,
  },
  {
    name: 'the orders',
    make: (c) =>
      c.catalog.has('orders')
        ? batch(['SELECT * FROM orders ORDER BY id', 'SELECT * FROM lines ORDER BY o, n'])
        : null,
  },
];

export const BATCH_FEATURES: readonly Feature[] = [...batches, ...links];
