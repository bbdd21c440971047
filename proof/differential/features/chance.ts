/**
 * Values made of chance or of the clock. Each side gets its own, so only their types are compared with plain SQLite; on the members
 * they are the same, byte for byte. Their tables begin with `rnd`, which leaves them out of the comparison of contents with plain SQLite.
 */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query, transaction } from '../step.ts';

export const CHANCE_PREFIX = 'rnd';

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? { ...make(c), expect: 'types' } : null);
}

export const CHANCE_FEATURES: readonly Feature[] = [
  {
    name: 'create table with defaults of chance',
    weight: 3,
    make: (c) =>
      c.catalog.has('rnd_defaults')
        ? null
        : execute(
            'CREATE TABLE rnd_defaults(id INTEGER PRIMARY KEY, r INT DEFAULT (random()), b BLOB DEFAULT (randomblob(16)), at TEXT DEFAULT CURRENT_TIMESTAMP, day TEXT DEFAULT CURRENT_DATE, u TEXT DEFAULT (hex(randomblob(8))))',
          ),
  },
  {
    name: 'insert defaults of chance',
    weight: 3,
    make: on('rnd_defaults', () => execute('INSERT INTO rnd_defaults DEFAULT VALUES')),
  },
  {
    name: 'insert random()',
    weight: 2,
    make: on('rnd_defaults', (c) =>
      execute(
        'INSERT INTO rnd_defaults(r, b) VALUES (random(), randomblob(?)), (random() % 10, zeroblob(3)) RETURNING r, b, u',
        [c.int(1, 3000)],
      ),
    ),
  },
  {
    name: 'insert the time',
    make: on('rnd_defaults', () =>
      execute(
        "INSERT INTO rnd_defaults(at, day) VALUES (datetime('now', 'subsec'), julianday('now'))",
      ),
    ),
  },
  {
    name: 'update by random()',
    make: on('rnd_defaults', (c) =>
      execute('UPDATE rnd_defaults SET r = random(), b = randomblob(length(b)) WHERE id % 4 = ?', [
        c.int(0, 3),
      ]),
    ),
  },
  {
    name: 'rows in random order',
    make: on('rnd_defaults', () =>
      query('SELECT id, typeof(r), length(u) FROM rnd_defaults ORDER BY random() LIMIT 1'),
    ),
  },
  {
    name: 'select random()',
    make: (c) => ({
      ...(c.chance(0.5)
        ? execute('SELECT random(), randomblob(4), unixepoch()')
        : query("SELECT random(), randomblob(4), datetime('now')")),
      expect: 'types',
    }),
  },
  {
    name: 'transaction of chance',
    weight: 2,
    make: on('rnd_defaults', (c) =>
      transaction(
        [
          'INSERT INTO rnd_defaults DEFAULT VALUES RETURNING r, b, at',
          'UPDATE rnd_defaults SET r = random() WHERE id % 3 = 0',
          query('SELECT random(), count(*) FROM rnd_defaults'),
        ],
        c.pick(['commit', 'roll back']),
      ),
    ),
  },
  {
    name: 'rowids of chance',
    make: (c) => ({
      ...batch([
        'CREATE TABLE IF NOT EXISTS rnd_rowids(id INTEGER PRIMARY KEY, v)',
        'INSERT OR IGNORE INTO rnd_rowids(id) VALUES (9223372036854775807)',
        `INSERT INTO rnd_rowids(v) VALUES (${c.int(0, 9)}), ('more') RETURNING typeof(id)`,
      ]),
      expect: 'types',
    }),
  },
  {
    name: 'triggers and generated columns of chance',
    make: (c) =>
      c.catalog.has('rnd_fired')
        ? { ...execute('INSERT INTO rnd_fired(v) VALUES (1), (2)'), expect: 'types' }
        : batch([
            "CREATE TABLE rnd_fired(v, at TEXT DEFAULT (strftime('%f', 'now')), noted)",
            'CREATE INDEX rnd_fired_at ON rnd_fired(at, noted)',
            'CREATE TRIGGER rnd_fires AFTER INSERT ON rnd_fired BEGIN UPDATE rnd_fired SET noted = hex(randomblob(20)) WHERE rowid = NEW.rowid; END',
          ]),
  },
  {
    name: 'counters of what came before',
    make: (c) => {
      const sql = 'SELECT changes() >= 0, total_changes() >= 0, last_insert_rowid()';
      return c.chance(0.5) ? execute(sql) : batch(['SELECT 1', sql]);
    },
  },
];
