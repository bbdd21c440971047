/** Parents and children, and everything that the end of a parent can do to its children. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

const ACTIONS: Record<string, string> = {
  plain: '',
  cascade: 'ON DELETE CASCADE ON UPDATE CASCADE',
  setnull: 'ON DELETE SET NULL ON UPDATE SET NULL',
  setdefault: 'ON DELETE SET DEFAULT',
  restricting: 'ON DELETE RESTRICT',
  deferred: 'DEFERRABLE INITIALLY DEFERRED',
};

function child(c: Context): string | null {
  return c.maybe(
    Object.keys(ACTIONS)
      .map((kind) => `child_${kind}`)
      .filter((name) => c.catalog.has(name)),
  );
}

function parentsReady(make: (c: Context) => Draft | null): (c: Context) => Draft | null {
  return (c) => (c.catalog.has('parent') ? make(c) : null);
}

const creations: Feature[] = [
  {
    name: 'create table of parents',
    weight: 4,
    make: (c) =>
      c.catalog.has('parent')
        ? null
        : execute(
            'CREATE TABLE parent(id INTEGER PRIMARY KEY, code TEXT UNIQUE, self INT REFERENCES parent(id))',
          ),
  },
  ...Object.entries(ACTIONS).map(
    ([kind, action]): Feature => ({
      name: `create table with foreign key, ${kind}`,
      weight: 2,
      make: parentsReady((c) =>
        c.catalog.has(`child_${kind}`)
          ? null
          : execute(
              `CREATE TABLE child_${kind}(id INTEGER PRIMARY KEY, p INT DEFAULT 1 REFERENCES parent(id) ${action}, note TEXT)`,
            ),
      ),
    }),
  ),
];

const rows: Feature[] = [
  {
    name: 'insert parents',
    weight: 3,
    make: parentsReady((c) =>
      execute('INSERT OR IGNORE INTO parent(id, code, self) VALUES (?, ?, NULL), (1, ?, 1)', [
        c.int(1, 40),
        `code${c.int(0, 80)}`,
        'first',
      ]),
    ),
  },
  {
    name: 'insert a child',
    weight: 5,
    make: (c) => {
      const table = child(c);
      return table === null
        ? null
        : execute(
            `INSERT INTO ${table}(p, note) SELECT id, ? FROM parent ORDER BY id LIMIT 1 OFFSET ?`,
            [c.text(), c.int(0, 6)],
          );
    },
  },
  {
    name: 'insert a child without parent',
    succeeds: false,
    make: (c) => {
      const table = child(c);
      return table === null
        ? null
        : execute(`INSERT INTO ${table}(p, note) VALUES (?, 'orphan')`, [c.int(1000, 2000)]);
    },
  },
  {
    name: 'delete a parent',
    weight: 3,
    make: parentsReady((c) => execute('DELETE FROM parent WHERE id = ?', [c.int(2, 40)])),
  },
  {
    name: 'change the key of a parent',
    make: parentsReady((c) =>
      execute('UPDATE parent SET id = id + 100 WHERE id = ?', [c.int(2, 40)]),
    ),
  },
  {
    name: 'children by parent',
    make: (c) => {
      const table = child(c);
      return table === null
        ? null
        : query(
            `SELECT p.id, p.code, count(k.id) FROM parent p LEFT JOIN ${table} k ON k.p = p.id GROUP BY p.id ORDER BY p.id`,
          );
    },
  },
];

const deferred: Feature[] = [
  {
    name: 'batch in which a deferred key is mended',
    make: (c) => {
      if (!c.catalog.has('child_deferred')) return null;
      const id = c.int(3000, 9000);
      return batch([
        `INSERT INTO child_deferred(p, note) VALUES (${id}, 'early')`,
        `INSERT OR IGNORE INTO parent(id) VALUES (${id})`,
      ]);
    },
  },
  {
    name: 'batch in which a deferred key is not mended',
    succeeds: false,
    make: (c) =>
      c.catalog.has('child_deferred')
        ? batch([
            `INSERT INTO child_deferred(p) VALUES (${c.int(10_000, 20_000)})`,
            "UPDATE child_deferred SET note = 'lost'",
          ])
        : null,
  },
  {
    name: 'batch that defers keys by pragma',
    make: (c) => {
      if (!c.catalog.has('child_plain')) return null;
      const id = c.int(3000, 9000);
      return batch([
        'PRAGMA defer_foreign_keys = ON',
        `INSERT INTO child_plain(p, note) VALUES (${id}, 'early')`,
        `INSERT OR IGNORE INTO parent(id) VALUES (${id})`,
      ]);
    },
  },
  {
    name: 'batch that defers keys by pragma in vain',
    succeeds: false,
    make: (c) =>
      c.catalog.has('child_plain')
        ? batch([
            'PRAGMA defer_foreign_keys = ON',
            `INSERT INTO child_plain(p) VALUES (${c.int(10_000, 20_000)})`,
          ])
        : null,
  },
  {
    name: 'drop a table that others refer to',
    make: (c) =>
      c.catalog.has('child_cascade') && c.chance(0.5) ? execute('DROP TABLE child_cascade') : null,
  },
];

export const FOREIGN_KEY_FEATURES: readonly Feature[] = [...creations, ...rows, ...deferred];
