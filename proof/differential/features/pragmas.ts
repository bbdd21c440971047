/** Pragmas that clients may use, and the commands that look after a database. */
import { type Context, type Feature, quoted } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

function about(pragma: string): (c: Context) => Draft | null {
  return (c) => {
    const table = c.table();
    return table === null ? null : query(`PRAGMA ${pragma}(${table.name})`);
  };
}

function aboutIndex(pragma: string): (c: Context) => Draft | null {
  return (c) => {
    const index = c.maybe(c.catalog.names('index', 'i'));
    return index === null ? null : query(`PRAGMA ${pragma}(${index})`);
  };
}

const questions: Feature[] = [
  ...['table_info', 'table_xinfo', 'index_list', 'foreign_key_list'].map(
    (name): Feature => ({ name: `pragma ${name}`, make: about(name) }),
  ),
  ...['index_info', 'index_xinfo'].map(
    (name): Feature => ({ name: `pragma ${name}`, make: aboutIndex(name) }),
  ),
  ...[
    'user_version',
    'application_id',
    'encoding',
    'auto_vacuum',
    'page_size',
    'collation_list',
    'integrity_check',
    'quick_check',
    'foreign_key_check',
    'foreign_keys',
    'defer_foreign_keys',
    'compile_options',
    'pragma_list',
  ].map(
    (name): Feature => ({
      name: `pragma ${name}`,
      make: (c) => (c.chance(0.5) ? query(`PRAGMA ${name}`) : execute(`PRAGMA ${name}`)),
    }),
  ),
  {
    name: 'pragmas about pages',
    make: (c) => {
      const name = c.pick(['page_count', 'freelist_count', 'schema_version', 'data_version']);
      return { ...query(`PRAGMA ${name}`), expect: 'types' };
    },
  },
  { name: 'pragma table_list', make: about('table_list') },
  {
    name: 'pragma function_list',
    make: () =>
      query('SELECT DISTINCT name, narg FROM pragma_function_list ORDER BY name, narg LIMIT 400'),
  },
  {
    name: 'pages by dbstat',
    make: (c) => {
      const table = c.table();
      return table === null
        ? null
        : query(
            'SELECT pagetype, count(*), sum(ncell), sum(payload), sum(unused) FROM dbstat WHERE name = ? GROUP BY 1 ORDER BY 1',
            [table.name],
          );
    },
  },
  {
    name: 'pragma as a function',
    make: (c) => {
      const table = c.table();
      return table === null
        ? null
        : query('SELECT name, type FROM pragma_table_info(?) ORDER BY cid', [table.name]);
    },
  },
  {
    name: 'the schema',
    make: () =>
      query(
        "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE '\\_paceline%' ESCAPE '\\' AND tbl_name NOT LIKE '\\_paceline%' ESCAPE '\\' ORDER BY type, name",
      ),
  },
];

const settings: Feature[] = [
  { name: 'set user_version', make: (c) => execute(`PRAGMA user_version = ${c.int(-1000, 1000)}`) },
  {
    name: 'set application_id',
    make: (c) => execute(`PRAGMA application_id(${c.int(0, 100_000)})`),
  },
  {
    name: 'incremental vacuum',
    make: (c) => execute(`PRAGMA incremental_vacuum${c.pick(['', '(3)'])}`),
  },
  {
    name: 'analyze',
    make: (c) => {
      const table = c.table();
      return table === null ? null : execute(`ANALYZE ${table.name}`);
    },
  },
  { name: 'analyze everything', make: () => execute('ANALYZE') },
  {
    name: 'optimize',
    // What it looks at depends on what its connection has asked before.
    make: () =>
      batch(['PRAGMA optimize', 'PRAGMA optimize(0x10002)', 'ANALYZE'], { expect: 'types' }),
  },
  {
    name: 'the statistics',
    make: (c) =>
      c.catalog.has('audit') && c.chance(0.3)
        ? batch([
            'ANALYZE audit',
            "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl = 'audit' ORDER BY idx",
          ])
        : null,
  },
];

/** Blobs over many pages, in one transaction, and their end: the freelist, overflow pages and vacuum. */
const blobs: Feature[] = [
  {
    name: 'create table of blobs',
    weight: 3,
    make: (c) =>
      c.catalog.has('blobs')
        ? null
        : execute('CREATE TABLE blobs(id INTEGER PRIMARY KEY, data BLOB)'),
  },
  {
    name: 'insert a large blob',
    make: (c) =>
      c.catalog.has('blobs') && c.catalog.rows('blobs') < 8
        ? execute('INSERT INTO blobs(data) VALUES (?)', [
            new Uint8Array(c.int(20_000, 400_000)).fill(c.int(0, 255)),
          ])
        : null,
  },
  {
    name: 'insert a zero blob',
    make: (c) =>
      c.catalog.has('blobs') && c.catalog.rows('blobs') < 8
        ? execute('INSERT INTO blobs(data) VALUES (zeroblob(?)) RETURNING id, length(data)', [
            c.int(1, 100_000),
          ])
        : null,
  },
  {
    name: 'update a large blob',
    make: (c) =>
      c.catalog.has('blobs')
        ? execute("UPDATE blobs SET data = substr(data, 1, 5000) || x'01' WHERE id % 3 = ?", [
            c.int(0, 2),
          ])
        : null,
  },
  {
    name: 'delete large blobs',
    make: (c) =>
      c.catalog.has('blobs') ? execute('DELETE FROM blobs WHERE id % 4 = ?', [c.int(0, 3)]) : null,
  },
  {
    name: 'read blobs',
    make: (c) =>
      c.catalog.has('blobs')
        ? query('SELECT id, length(data), substr(data, -3), data FROM blobs ORDER BY id LIMIT 3')
        : null,
  },
];

const quotedNames: Feature[] = [
  {
    name: 'create table with awkward names',
    make: (c) =>
      c.catalog.has('select "all"')
        ? null
        : execute(
            `CREATE TABLE ${quoted('select "all"')}("from" INT, [order by] TEXT, \`tick\`\`s\` REAL, "ünï" DEFAULT 'é')`,
          ),
  },
  {
    name: 'use of awkward names',
    make: (c) =>
      c.catalog.has('select "all"')
        ? execute(
            `INSERT INTO ${quoted('select "all"')}("from", [order by]) VALUES (?, ?) RETURNING *, "from" + 1`,
            [c.int(0, 9), c.text()],
          )
        : null,
  },
];

export const PRAGMA_FEATURES: readonly Feature[] = [
  ...questions,
  ...settings,
  ...blobs,
  ...quotedNames,
];
