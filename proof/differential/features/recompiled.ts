/** The same texts again and again, while the schema under them changes: each was prepared for another one. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query, transaction } from '../step.ts';

const READS = [
  'SELECT * FROM shifting ORDER BY 1, 2',
  'SELECT a FROM shifting ORDER BY a',
  "SELECT count(*), max(typeof(b)) FROM shifting WHERE a > 'm' OR a < 5",
];
const WRITES = [
  "INSERT INTO shifting VALUES (1, 'one')",
  'INSERT INTO shifting(a) VALUES (7)',
  "UPDATE shifting SET b = coalesce(b, '') || '.' WHERE a < 9",
  'DELETE FROM shifting WHERE a > 5',
  "INSERT INTO shifting(a, b) VALUES (3, 'three') RETURNING *",
];
const SHAPES = [
  'CREATE TABLE shifting(a, b)',
  'CREATE TABLE shifting(b TEXT, a TEXT PRIMARY KEY) WITHOUT ROWID',
  'CREATE TABLE shifting(a INTEGER PRIMARY KEY, b, c DEFAULT 9)',
  'CREATE TABLE shifting(a INT, b ANY) STRICT',
  'CREATE TABLE shifting(a TEXT CHECK(a <> 7), b AS (a || a))',
  'CREATE TABLE shifting(a AUTOINCREMENT)',
  'CREATE VIEW shifting AS SELECT 1 AS a, 2 AS b',
  'CREATE VIRTUAL TABLE shifting USING fts5(a, b)',
];

function change(c: Context): string {
  const kind = c.catalog.names('view').includes('shifting') ? 'VIEW' : 'TABLE';
  if (!c.catalog.has('shifting')) return c.pick(SHAPES);
  return c.pick([
    `DROP ${kind} shifting`,
    `DROP ${kind} shifting`,
    'ALTER TABLE shifting ADD COLUMN d DEFAULT 4',
    'ALTER TABLE shifting DROP COLUMN d',
    'ALTER TABLE shifting RENAME COLUMN b TO other',
    'ALTER TABLE shifting RENAME COLUMN other TO b',
    'CREATE INDEX shifting_a ON shifting(a)',
    'DROP INDEX shifting_a',
    'CREATE TRIGGER shifting_t AFTER INSERT ON shifting BEGIN SELECT RAISE(IGNORE); END',
    'CREATE TRIGGER shifting_i INSTEAD OF INSERT ON shifting BEGIN SELECT 1; END',
    'DROP TRIGGER shifting_t',
  ]);
}

function use(c: Context): Draft {
  const read = c.pick(READS);
  if (c.chance(0.5)) return c.chance(0.7) ? query(read) : execute(read);
  return execute(c.pick(WRITES));
}

export const RECOMPILED_FEATURES: readonly Feature[] = [
  { name: 'the schema of a table changes', weight: 4, make: (c) => execute(change(c)) },
  { name: 'the same statement over another schema', weight: 8, make: use },
  {
    name: 'the same statements before and after a change, in a batch',
    weight: 2,
    // Gone again in the end, so that the next one has the same texts.
    make: (c) => {
      const read = 'SELECT * FROM passing ORDER BY 1, 2';
      const write = 'INSERT INTO passing(a, b) VALUES (5, 6) RETURNING *';
      return batch([
        c.pick(['CREATE TABLE passing(a, b)', 'CREATE TABLE passing(b, a TEXT, x DEFAULT 1)']),
        ...[write, read],
        'ALTER TABLE passing ADD COLUMN d DEFAULT 4',
        ...[write, read],
        'CREATE TRIGGER passing_t AFTER INSERT ON passing BEGIN DELETE FROM passing WHERE d = 4; END',
        ...[write, read],
        'DROP TABLE passing',
      ]);
    },
  },
  {
    name: 'the same statements before and after a change, in a transaction',
    weight: 2,
    make: (c) => {
      const [read, write] = [c.pick(READS), c.pick(WRITES)];
      return transaction(
        [
          query(read),
          write,
          'SAVEPOINT s',
          change(c),
          read,
          write,
          'ROLLBACK TO s',
          write,
          query(read),
        ],
        c.pick(['commit', 'roll back']),
      );
    },
  },
];
