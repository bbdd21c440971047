/** Interactive transactions: calls one after the other, errors between them that leave it open, savepoints, and both ends. */
import type { Context, Feature } from '../context.ts';
import { batch, type CallDraft, type Draft, execute, query, transaction } from '../step.ts';
import { insertion } from './rows.ts';

function aWrite(c: Context): CallDraft {
  return insertion(c, c.table()!, c.pick(['INSERT', 'INSERT OR IGNORE', 'REPLACE']), c.int(1, 3));
}

function withSteps(make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has('steps') && c.catalog.tables().length > 0 ? make(c) : null);
}

const count = () => query('SELECT count(*), max(n), group_concat(typeof(v)) FROM steps');
const STEP = 'INSERT INTO steps(v) VALUES (?)';

const plainOnes: Feature[] = [
  {
    name: 'create table of steps',
    weight: 4,
    make: (c) =>
      c.catalog.has('steps')
        ? null
        : execute('CREATE TABLE steps(n INTEGER PRIMARY KEY, v UNIQUE, k INT CHECK(k > 0))'),
  },
  {
    name: 'transaction of writes and reads',
    weight: 4,
    make: withSteps((c) =>
      transaction([
        aWrite(c),
        execute(STEP, [c.fresh('step')]),
        'SELECT changes(), last_insert_rowid() = (SELECT max(n) FROM steps)',
        count(),
        batch([
          'UPDATE steps SET k = n WHERE n % 2 = 0',
          'SELECT changes()',
          'SELECT count(k) FROM steps',
        ]),
        aWrite(c),
      ]),
    ),
  },
  {
    name: 'transaction that is rolled back',
    weight: 2,
    make: withSteps((c) =>
      transaction(
        [aWrite(c), execute(STEP, [c.fresh('step')]), 'DELETE FROM steps', count()],
        'roll back',
      ),
    ),
  },
  {
    name: 'transaction that goes on after errors',
    weight: 3,
    make: withSteps((c) => {
      const name = c.fresh('step');
      return transaction([
        execute(STEP, [name]),
        execute(STEP, [name]),
        'INSERT INTO nothing_here VALUES (1)',
        'SELEC 1',
        query('SELECT abs(-9223372036854775807 - 1)'),
        batch([`UPDATE steps SET v = '${name}!'`, `UPDATE steps SET k = -1 WHERE v = '${name}'`]),
        execute('INSERT OR FAIL INTO steps(v, k) VALUES (?, 1), (?, -1)', [
          c.fresh('step'),
          c.fresh('step'),
        ]),
        execute('INSERT INTO steps(v, k) VALUES (?, 1) RETURNING typeof(n), v, k', [
          c.fresh('step'),
        ]),
        execute('INSERT INTO steps(v, k) VALUES (?, 0) RETURNING *', [c.fresh('step')]),
        count(),
      ]);
    }),
  },
  {
    name: 'transaction that SQLite rolls back',
    succeeds: false,
    weight: 2,
    make: withSteps((c) =>
      transaction(
        [
          execute(STEP, [c.fresh('step')]),
          c.pick([
            'INSERT OR ROLLBACK INTO steps(k) VALUES (-1)',
            'UPDATE OR ROLLBACK steps SET n = 7',
          ]),
          count(),
          execute(STEP, ['never']),
        ],
        'commit',
      ),
    ),
  },
  {
    name: 'transaction with a change of schema',
    make: withSteps((c) => {
      const table = c.fresh('u');
      return transaction(
        [
          `CREATE TABLE ${table}(a, b)`,
          `INSERT INTO ${table} VALUES (1, 'x'), (2, 'y')`,
          query(`SELECT * FROM ${table} ORDER BY a`),
          `ALTER TABLE ${table} DROP COLUMN a`,
          query(`SELECT * FROM ${table} ORDER BY b`),
          `SELECT a FROM ${table}`,
          `DROP TABLE ${table}`,
          query(`SELECT * FROM ${table}`),
        ],
        c.pick(['commit', 'roll back']),
      );
    }),
  },
  {
    name: 'transaction that only reads',
    make: withSteps((c) =>
      transaction([count(), query('SELECT 1')], c.pick(['commit', 'roll back'])),
    ),
  },
];

const savepoints: Feature[] = [
  {
    name: 'savepoints, one in the other',
    weight: 3,
    make: withSteps((c) =>
      transaction([
        execute(STEP, [c.fresh('outer')]),
        'SAVEPOINT first',
        execute(STEP, [c.fresh('inner')]),
        'SAVEPOINT "second one"',
        aWrite(c),
        'DELETE FROM steps',
        count(),
        'ROLLBACK TO "second one"',
        count(),
        c.pick(['RELEASE first', 'ROLLBACK TO first', 'RELEASE "second one"']),
        count(),
        execute(STEP, [c.fresh('after')]),
      ]),
    ),
  },
  {
    name: 'savepoints that are not there',
    make: withSteps((c) =>
      transaction([
        'RELEASE nowhere',
        'SAVEPOINT here',
        'ROLLBACK TO nowhere',
        'RELEASE here',
        'ROLLBACK TO here',
        execute(STEP, [c.fresh('step')]),
      ]),
    ),
  },
  {
    name: 'savepoint around a change of schema',
    make: withSteps((c) => {
      const table = c.fresh('u');
      return transaction([
        'SAVEPOINT s',
        `CREATE TABLE ${table}(a)`,
        `INSERT INTO ${table} VALUES (1)`,
        'ROLLBACK TO s',
        query(`SELECT * FROM ${table}`),
        `CREATE TABLE ${table}(b, c)`,
        `INSERT INTO ${table} VALUES (1, 2) RETURNING *`,
        `DROP TABLE ${table}`,
        'RELEASE s',
      ]);
    }),
  },
];

const keys: Feature[] = [
  {
    name: 'transaction in which a deferred key is mended',
    make: (c) => {
      if (!c.catalog.has('child_deferred')) return null;
      const id = c.int(3000, 9000);
      return transaction([
        `INSERT INTO child_deferred(p, note) VALUES (${id}, 'early')`,
        `INSERT OR IGNORE INTO parent(id) VALUES (${id})`,
      ]);
    },
  },
  {
    name: 'transaction in which a deferred key is not mended',
    succeeds: false,
    make: (c) =>
      c.catalog.has('child_deferred')
        ? transaction([
            `INSERT INTO child_deferred(p) VALUES (${c.int(10_000, 20_000)})`,
            "UPDATE child_deferred SET note = 'lost'",
          ])
        : null,
  },
  {
    name: 'transaction that defers keys by pragma',
    make: (c) => {
      if (!c.catalog.has('child_plain')) return null;
      const id = c.int(3000, 9000);
      return transaction([
        'PRAGMA defer_foreign_keys = ON',
        `INSERT INTO child_plain(p, note) VALUES (${id}, 'early')`,
        'PRAGMA defer_foreign_keys',
        `INSERT OR IGNORE INTO parent(id) VALUES (${id})`,
      ]);
    },
  },
];

export const TRANSACTION_FEATURES: readonly Feature[] = [...plainOnes, ...savepoints, ...keys];
