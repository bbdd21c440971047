/** Triggers that fire others, that meet themselves again, and that ask for counters. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

const CHAIN = 25;

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? make(c) : null);
}

const links = Array.from({ length: CHAIN }, (_, i) => i);

export const TRIGGER_FEATURES: readonly Feature[] = [
  {
    name: 'create a chain of triggers',
    weight: 3,
    make: (c) =>
      c.catalog.has('chain0')
        ? null
        : batch([
            ...links.map((i) => `CREATE TABLE chain${i}(n INT, depth INT)`),
            ...links
              .slice(1)
              .map(
                (i) =>
                  `CREATE TRIGGER chain_${i} AFTER INSERT ON chain${i - 1} BEGIN INSERT INTO chain${i} VALUES (NEW.n, NEW.depth + 1); END`,
              ),
            `CREATE TRIGGER chain_end BEFORE INSERT ON chain${CHAIN - 1} WHEN NEW.n % 5 = 0 BEGIN SELECT RAISE(ABORT, 'the end of ' || NEW.n); END`,
          ]),
  },
  {
    name: 'insert at the head of a chain',
    weight: 2,
    make: on('chain0', (c) =>
      execute('INSERT INTO chain0 VALUES (?, 0), (?, 0)', [c.int(1, 4), c.int(6, 9)]),
    ),
  },
  {
    name: 'insert that fails at the end of a chain',
    succeeds: false,
    make: on('chain0', () => execute('INSERT INTO chain0 VALUES (1, 0), (10, 0)')),
  },
  {
    name: 'the end of the chain',
    make: on('chain0', () =>
      query(`SELECT n, depth, count(*) FROM chain${CHAIN - 1} GROUP BY 1, 2 ORDER BY 1, 2`),
    ),
  },
  {
    name: 'create triggers that meet themselves',
    weight: 2,
    make: (c) =>
      c.catalog.has('rounds')
        ? null
        : batch([
            'CREATE TABLE rounds(n INTEGER PRIMARY KEY, v INT)',
            'CREATE TABLE echo(n INTEGER PRIMARY KEY, v INT, changed INT, rowid_then INT)',
            'CREATE TRIGGER rounds_i AFTER INSERT ON rounds WHEN NEW.v < 5 BEGIN INSERT INTO rounds(v) VALUES (NEW.v + 1); INSERT INTO echo(v, changed, rowid_then) VALUES (NEW.v, changes(), last_insert_rowid()); END',
            'CREATE TRIGGER echo_i AFTER INSERT ON echo BEGIN UPDATE rounds SET v = v + 100 WHERE n = NEW.n; UPDATE OR IGNORE echo SET changed = changes() + 1000 WHERE n = NEW.n; END',
          ]),
  },
  {
    name: 'insert where triggers meet themselves',
    weight: 2,
    make: on('rounds', (c) => execute('INSERT INTO rounds(v) VALUES (?), (?)', [c.int(0, 4), 9])),
  },
  {
    name: 'what triggers were told of counters',
    make: on('rounds', () =>
      batch(['SELECT * FROM rounds ORDER BY n', 'SELECT * FROM echo ORDER BY n']),
    ),
  },
  {
    name: 'recursion by a foreign key',
    make: (c) => {
      const table = c.fresh('tree');
      return batch([
        `CREATE TABLE ${table}(id INTEGER PRIMARY KEY, up INT REFERENCES ${table} ON DELETE CASCADE)`,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) INSERT INTO ${table} SELECT i, nullif(i - 1, 0) FROM n`,
        `DELETE FROM ${table} WHERE id = ${c.int(2, 150)}`,
        `SELECT count(*), max(id) FROM ${table}`,
        `DROP TABLE ${table}`,
      ]);
    },
  },
  {
    name: 'recursion by a foreign key that is too deep',
    succeeds: false,
    make: (c) => {
      const table = c.fresh('tree');
      return batch([
        `CREATE TABLE ${table}(id INTEGER PRIMARY KEY, up INT REFERENCES ${table} ON DELETE CASCADE)`,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) INSERT INTO ${table} SELECT i, nullif(i - 1, 0) FROM n`,
        `DELETE FROM ${table} WHERE id = 1`,
      ]);
    },
  },
  {
    name: 'trigger that cannot be',
    succeeds: false,
    make: on('rounds', (c) => {
      const name = c.fresh('never');
      return execute(
        c.pick([
          `CREATE TRIGGER ${name} AFTER INSERT ON rounds BEGIN INSERT INTO main.echo DEFAULT VALUES; END`,
          `CREATE TRIGGER ${name} AFTER INSERT ON rounds BEGIN INSERT INTO echo(v) VALUES (?); END`,
          `CREATE TRIGGER ${name} INSTEAD OF INSERT ON rounds BEGIN SELECT 1; END`,
          `CREATE TRIGGER ${name} AFTER INSERT ON rounds BEGIN DELETE FROM echo RETURNING n; END`,
          `CREATE TRIGGER ${name} AFTER UPDATE OF nothing ON rounds BEGIN SELECT nothing FROM; END`,
          'SELECT RAISE(IGNORE)',
        ]),
      );
    }),
  },
  {
    name: 'trigger whose table is not there when it fires',
    succeeds: false,
    make: on('rounds', (c) => {
      const name = c.fresh('late');
      return batch([
        `CREATE TRIGGER ${name} AFTER DELETE ON rounds BEGIN DELETE FROM nowhere; END`,
        'DELETE FROM rounds',
      ]);
    }),
  },
];
