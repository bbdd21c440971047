/** What ALTER TABLE does besides names and columns, and what SQLite's manual does where ALTER TABLE cannot. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? make(c) : null);
}

/** May fail or not, as the rows are. */
const alterations: Feature[] = [
  {
    name: 'create table to be altered',
    weight: 4,
    make: (c) =>
      c.catalog.has('altered')
        ? null
        : execute('CREATE TABLE altered(id INTEGER PRIMARY KEY, a INT, b TEXT, c)'),
  },
  {
    name: 'insert into the altered table',
    weight: 3,
    make: on('altered', (c) =>
      execute('INSERT INTO altered(a, b) VALUES (?, ?)', [
        c.pick([null, 1, -1, c.int(-9, 99)]),
        c.pick([null, c.text()]),
      ]),
    ),
  },
  {
    name: 'alter column set and drop not null',
    weight: 2,
    make: on('altered', (c) =>
      execute(
        `ALTER TABLE altered ALTER COLUMN ${c.pick(['a', 'b', 'c'])} ${c.pick(['SET', 'DROP', 'DROP'])} NOT NULL`,
      ),
    ),
  },
  {
    name: 'alter table add and drop constraint',
    weight: 2,
    make: on('altered', (c) => {
      const name = c.pick(['above', 'below']);
      const [add, drop] = [
        `ALTER TABLE altered ADD CONSTRAINT ${name} CHECK(a IS NULL OR a ${name === 'above' ? '> -100' : '< 90'})`,
        `ALTER TABLE altered DROP CONSTRAINT ${name}`,
      ];
      return c.chance(0.3) ? batch([add, drop]) : execute(c.pick([add, drop]));
    }),
  },
  {
    name: 'alter table add column with references',
    make: on('altered', (c) =>
      batch([
        `ALTER TABLE altered ADD COLUMN ref INT REFERENCES altered(id) ON DELETE ${c.pick(['SET NULL', 'CASCADE'])}`,
        'UPDATE altered SET ref = (SELECT min(id) FROM altered)',
        'DELETE FROM altered WHERE id = (SELECT min(id) FROM altered)',
        'SELECT count(*), count(ref) FROM altered',
        'ALTER TABLE altered DROP COLUMN ref',
      ]),
    ),
  },
  {
    name: 'alter table that views and triggers name',
    make: on('altered', (c) => {
      const [view, trigger] = [c.fresh('seen'), c.fresh('noted')];
      return batch([
        `CREATE VIEW ${view} AS SELECT a + 1 AS next, b FROM altered`,
        `CREATE TRIGGER ${trigger} AFTER UPDATE OF a ON altered BEGIN UPDATE altered SET c = OLD.a WHERE id = NEW.id; END`,
        'ALTER TABLE altered RENAME COLUMN a TO renamed',
        'ALTER TABLE altered RENAME TO altered_once',
        'UPDATE altered_once SET renamed = 5 WHERE id % 3 = 0',
        `SELECT sql FROM sqlite_schema WHERE name IN ('${view}', '${trigger}') ORDER BY name`,
        `SELECT next, b FROM ${view} ORDER BY next, b`,
        'ALTER TABLE altered_once RENAME TO altered',
        'ALTER TABLE altered RENAME COLUMN renamed TO a',
        `DROP VIEW ${view}`,
        `DROP TRIGGER ${trigger}`,
      ]);
    }),
  },
  {
    name: 'alter table that breaks a view',
    succeeds: false,
    make: on('altered', (c) => {
      const view = c.fresh('seen');
      return batch([
        `CREATE VIEW ${view} AS SELECT c FROM altered`,
        'ALTER TABLE altered DROP COLUMN c',
      ]);
    }),
  },
  ...[
    'ALTER TABLE altered ADD COLUMN t TEXT DEFAULT CURRENT_TIMESTAMP',
    'ALTER TABLE altered ADD COLUMN s AS (a + 1) STORED',
    'ALTER TABLE altered ADD COLUMN u UNIQUE',
    'ALTER TABLE altered ADD COLUMN n NOT NULL DEFAULT NULL',
    'ALTER TABLE altered DROP COLUMN nothing',
    'ALTER TABLE altered DROP CONSTRAINT nothing',
    'ALTER TABLE altered ADD CHECK(nothing > 1)',
    'ALTER TABLE sqlite_schema ADD COLUMN x',
  ].map(
    (sql, i): Feature => ({
      name: `alter table that cannot be, ${i + 1}`,
      succeeds: false,
      make: (c) =>
        c.catalog.has('altered')
          ? batch(["INSERT INTO altered(a, b) VALUES (1, 'row')", sql])
          : null,
    }),
  ),
];

/** https://sqlite.org/lang_altertable.html, section 7 */
const rebuilding: Feature[] = [
  {
    name: 'table made anew without foreign keys',
    weight: 2,
    make: on('parent', (c) => {
      const copy = c.fresh('copied');
      return batch(
        [
          c.pick(['PRAGMA foreign_keys=off', 'PRAGMA foreign_keys = OFF']),
          `CREATE TABLE ${copy}(id INTEGER PRIMARY KEY, code TEXT UNIQUE, self INT REFERENCES parent(id))`,
          `INSERT INTO ${copy} SELECT id, code, self FROM parent`,
          'DROP TABLE parent',
          `ALTER TABLE ${copy} RENAME TO parent`,
          'PRAGMA foreign_key_check(parent)',
          'PRAGMA foreign_keys=on',
        ].slice(0, c.pick([6, 6, 7])),
      );
    }),
  },
  {
    name: 'batch without foreign keys that fails',
    succeeds: false,
    make: on('parent', () =>
      batch([
        'PRAGMA foreign_keys=off',
        'DROP TABLE parent',
        'INSERT INTO nothing_here VALUES (1)',
      ]),
    ),
  },
  {
    name: 'foreign keys are enforced after a batch without',
    succeeds: false,
    make: on('child_plain', () =>
      execute("INSERT INTO child_plain(p, note) VALUES (77777, 'orphan')"),
    ),
  },
  {
    name: 'the altered table',
    make: on('altered', () => query('SELECT *, typeof(a), typeof(c) FROM altered ORDER BY id')),
  },
];

export const CONSTRAINT_FEATURES: readonly Feature[] = [...alterations, ...rebuilding];
