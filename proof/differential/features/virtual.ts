/** Virtual tables: full text, R-tree, and what reads the database's own pages. */
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';
import { NOUNS, sentence } from './full-text.ts';

function once(table: string, sql: string): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? null : execute(sql));
}

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? make(c) : null);
}

const fullText: Feature[] = [
  {
    name: 'create FTS5 table',
    weight: 3,
    make: once(
      'docs',
      "CREATE VIRTUAL TABLE docs USING fts5(title, body, tokenize='porter unicode61', prefix='2 3')",
    ),
  },
  {
    name: 'insert into FTS5',
    weight: 4,
    make: on('docs', (c) =>
      execute('INSERT INTO docs(rowid, title, body) VALUES (?, ?, ?)', [
        c.int(1, 5000),
        sentence(c),
        sentence(c),
      ]),
    ),
  },
  {
    name: 'insert into FTS5 without rowid',
    weight: 2,
    make: on('docs', (c) =>
      execute('INSERT INTO docs(title, body) VALUES (?, ?)', [sentence(c), sentence(c)]),
    ),
  },
  {
    name: 'update FTS5',
    make: on('docs', (c) =>
      execute('UPDATE docs SET body = ? WHERE rowid = (SELECT min(rowid) + ? FROM docs)', [
        sentence(c),
        c.int(0, 2),
      ]),
    ),
  },
  {
    name: 'delete from FTS5',
    make: on('docs', (c) =>
      execute(
        'DELETE FROM docs WHERE rowid IN (SELECT rowid FROM docs WHERE docs MATCH ? ORDER BY rowid LIMIT 2)',
        [c.pick(NOUNS)],
      ),
    ),
  },
  {
    name: 'FTS5 match',
    weight: 2,
    make: on('docs', (c) =>
      query(
        "SELECT rowid, highlight(docs, 1, '[', ']'), snippet(docs, -1, '<', '>', '…', 4), round(bm25(docs), 6) FROM docs WHERE docs MATCH ? ORDER BY rowid LIMIT 20",
        [`${c.pick(NOUNS)} ${c.pick(['AND', 'OR', 'NOT'])} ${c.pick(NOUNS)}`],
      ),
    ),
  },
  {
    name: 'FTS5 commands',
    make: on('docs', (c) =>
      execute(
        `INSERT INTO docs(docs${c.pick([") VALUES ('optimize'", ") VALUES ('integrity-check'", ") VALUES ('rebuild'", ", rank) VALUES ('merge', 16"])})`,
      ),
    ),
  },
  {
    name: 'FTS5 query that does not parse',
    succeeds: false,
    make: on('docs', () => query("SELECT rowid FROM docs WHERE docs MATCH 'a AND AND'")),
  },
  {
    name: 'create FTS4 table',
    make: once('old_docs', 'CREATE VIRTUAL TABLE old_docs USING fts4(body)'),
  },
  {
    name: 'insert into FTS4',
    make: on('old_docs', (c) => execute('INSERT INTO old_docs(body) VALUES (?)', [sentence(c)])),
  },
  {
    name: 'FTS4 match',
    make: on('old_docs', (c) =>
      query('SELECT docid, offsets(old_docs) FROM old_docs WHERE body MATCH ? ORDER BY docid', [
        c.pick(NOUNS),
      ]),
    ),
  },
  {
    name: 'create contentless FTS5 table',
    make: once('words', "CREATE VIRTUAL TABLE words USING fts5(w, content='', detail=none)"),
  },
  {
    name: 'insert into contentless FTS5',
    make: on('words', (c) =>
      execute('INSERT INTO words(rowid, w) VALUES (?, ?)', [c.int(1, 10_000), sentence(c)]),
    ),
  },
];

const rtree: Feature[] = [
  {
    name: 'create R-tree',
    weight: 3,
    make: once('boxes', 'CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1, +label)'),
  },
  {
    name: 'insert into R-tree',
    weight: 3,
    make: on('boxes', (c) => {
      const [x, y] = [c.int(-100, 100), c.int(-100, 100)];
      return execute('INSERT OR REPLACE INTO boxes VALUES (?, ?, ?, ?, ?, ?)', [
        c.int(1, 60),
        x,
        x + c.int(0, 9),
        y,
        y + c.int(0, 9),
        c.text(),
      ]);
    }),
  },
  {
    name: 'update R-tree',
    make: on('boxes', (c) =>
      execute('UPDATE boxes SET x1 = x1 + 1, label = ? WHERE id = ?', [c.text(), c.int(1, 60)]),
    ),
  },
  {
    name: 'delete from R-tree',
    make: on('boxes', (c) =>
      execute('DELETE FROM boxes WHERE x0 > ? AND y0 > ?', [c.int(50, 99), c.int(0, 99)]),
    ),
  },
  {
    name: 'R-tree search',
    make: on('boxes', (c) =>
      query('SELECT id, x0, x1, y0, y1, label FROM boxes WHERE x1 >= ? AND y0 <= ? ORDER BY id', [
        c.int(-100, 100),
        c.int(-100, 100),
      ]),
    ),
  },
  {
    name: 'R-tree with a box inside out',
    succeeds: false,
    make: on('boxes', (c) =>
      execute('INSERT INTO boxes VALUES (?, 9, 1, 0, 1, NULL)', [c.int(100, 200)]),
    ),
  },
  { name: 'R-tree check', make: on('boxes', () => query("SELECT rtreecheck('main', 'boxes')")) },
  {
    name: 'create R-tree of integers',
    make: once('cells', 'CREATE VIRTUAL TABLE cells USING rtree_i32(id, a, b)'),
  },
  {
    name: 'insert into R-tree of integers',
    make: on('cells', (c) =>
      execute('INSERT INTO cells(a, b) VALUES (?, ?)', [c.int(0, 9), c.int(10, 19)]),
    ),
  },
  {
    name: 'create geopoly table',
    make: once('shapes', 'CREATE VIRTUAL TABLE shapes USING geopoly(name)'),
  },
  {
    name: 'insert into geopoly',
    make: on('shapes', (c) =>
      execute('INSERT INTO shapes(_shape, name) VALUES (geopoly_regular(?, ?, 3, 5), ?)', [
        c.int(0, 30),
        c.int(0, 30),
        c.text(),
      ]),
    ),
  },
  {
    name: 'geopoly search',
    make: on('shapes', () =>
      query(
        "SELECT rowid, name, round(geopoly_area(_shape), 6) FROM shapes WHERE geopoly_overlap(_shape, '[[0,0],[20,0],[20,20],[0,20],[0,0]]') ORDER BY rowid",
      ),
    ),
  },
];

const others: Feature[] = [
  {
    name: 'batch over virtual tables that fails at the end',
    succeeds: false,
    make: (c) =>
      c.catalog.has('docs') && c.catalog.has('boxes')
        ? batch([
            {
              sql: 'INSERT INTO docs(title, body) VALUES (?, ?)',
              args: [sentence(c), 'undone'],
              effect: 'insert',
            },
            'INSERT OR REPLACE INTO boxes VALUES (7, 0, 1, 0, 1, 0)',
            'INSERT INTO boxes VALUES (8, 1, 0, 1, 0, 0)',
          ])
        : null,
  },
  {
    name: 'drop virtual table',
    make: (c) => (c.catalog.has('words') && c.chance(0.5) ? execute('DROP TABLE words') : null),
  },
  {
    name: 'unknown virtual table module',
    succeeds: false,
    make: (c) => execute(`CREATE VIRTUAL TABLE ${c.fresh('vt')} USING nothing(a)`),
  },
];

export const VIRTUAL_FEATURES: readonly Feature[] = [...fullText, ...rtree, ...others];
