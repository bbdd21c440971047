/** Statements that are wrong: SQLite's code and words are to come out as they are. */
import { type Context, type Feature, quoted } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

function failing(name: string, make: (c: Context) => Draft | null): Feature {
  return { name, succeeds: false, make };
}

function either(c: Context, sql: string): Draft {
  return c.chance(0.5) ? execute(sql) : query(sql);
}

/** What the parser refuses. */
const parsing: Feature[] = [
  failing('syntax error', (c) =>
    either(
      c,
      c.pick([
        'SELEC 1',
        'SELECT 1 FROM',
        'SELECT (1',
        'INSERT INTO',
        'SELECT * FROM t WHERE',
        "SELECT 'open",
        'SELECT 1 2 3',
        'CREATE TABLE',
        'DROP',
      ]),
    ),
  ),
  failing('unrecognized token', (c) =>
    either(c, c.pick(['SELECT #', 'SELECT 1e', 'SELECT 0x', "SELECT x'abc'", 'SELECT \\'])),
  ),
  failing('no such table', (c) => either(c, `SELECT * FROM ${c.fresh('missing')}`)),
  failing('insert into no such table', (c) =>
    execute(`INSERT INTO ${c.fresh('missing')} VALUES (1)`),
  ),
  failing('no such column', (c) => {
    const table = c.table();
    return table === null ? null : either(c, `SELECT nonsense FROM ${table.name}`);
  }),
  failing('ambiguous column', (c) => {
    const table = c.table();
    return table === null
      ? null
      : either(
          c,
          `SELECT ${quoted(table.columns[0]!.name)} FROM ${table.name} AS a, ${table.name} AS b`,
        );
  }),
  failing('no such function', (c) => either(c, 'SELECT no_such_function(1)')),
  failing('wrong number of arguments to a function', (c) => either(c, 'SELECT abs(1, 2)')),
  failing('misuse of an aggregate', (c) => {
    const table = c.table();
    return table === null ? null : either(c, `SELECT 1 FROM ${table.name} WHERE count(*) > 1`);
  }),
  failing('no such collation', (c) => either(c, "SELECT 'a' = 'b' COLLATE klingon")),
  failing('compound selects of different width', (c) => either(c, 'SELECT 1, 2 UNION SELECT 3')),
  failing('values of different width', (c) => {
    const table = c.table();
    return table === null
      ? null
      : execute(
          `INSERT INTO ${table.name} VALUES (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)`,
        );
  }),
  failing('limit of an expression depth', (c) => either(c, `SELECT ${'1+'.repeat(1200)}1`)),
  failing('too many columns', (c) =>
    execute(
      `CREATE TABLE ${c.fresh('wide')}(${Array.from({ length: 2100 }, (_, i) => `c${i}`).join()})`,
    ),
  ),
  failing('parameters in a view', (c) => execute(`CREATE VIEW ${c.fresh('pv')} AS SELECT ?`, [1])),
];

/** What the schema does not allow. */
const schema: Feature[] = [
  failing('create what exists', (c) => {
    const table = c.table();
    return table === null ? null : execute(`CREATE TABLE ${table.name}(x)`);
  }),
  failing('drop what does not exist', (c) =>
    execute(`DROP ${c.pick(['TABLE', 'INDEX', 'VIEW', 'TRIGGER'])} ${c.fresh('missing')}`),
  ),
  failing('drop a table as a view', (c) => {
    const table = c.table();
    return table === null ? null : execute(`DROP VIEW ${table.name}`);
  }),
  failing('index on no such column', (c) => {
    const table = c.table();
    return table === null
      ? null
      : execute(`CREATE INDEX ${c.fresh('i')} ON ${table.name}(nonsense)`);
  }),
  failing('alter what does not exist', (c) =>
    execute(`ALTER TABLE ${c.fresh('missing')} RENAME TO x`),
  ),
  failing('add a column that is there', (c) => {
    const table = c.table();
    return table === null
      ? null
      : execute(`ALTER TABLE ${table.name} ADD COLUMN ${quoted(table.columns[0]!.name)}`);
  }),
  failing('add a column that cannot be null without default', (c) => {
    const table = c.maybe(c.catalog.tables().filter(({ name }) => c.catalog.rows(name) > 0));
    return table === null
      ? null
      : execute(`ALTER TABLE ${table.name} ADD COLUMN ${c.fresh('x')} INT NOT NULL`);
  }),
  failing('add a primary key', (c) => {
    const table = c.table();
    return table === null
      ? null
      : execute(`ALTER TABLE ${table.name} ADD COLUMN ${c.fresh('x')} PRIMARY KEY`);
  }),
  failing('drop the primary key column', (c) => {
    const table = c.maybe(
      c.catalog.tables().filter(({ columns }) => columns.some((one) => one.primaryKey)),
    );
    const key = table?.columns.find((one) => one.primaryKey);
    return table === null || key === undefined
      ? null
      : execute(`ALTER TABLE ${table.name} DROP COLUMN ${quoted(key.name)}`);
  }),
  failing('rename to a name in use', (c) => {
    const [a, b] = c.catalog.tables();
    return a === undefined || b === undefined
      ? null
      : execute(`ALTER TABLE ${a.name} RENAME TO ${b.name}`);
  }),
  failing('unknown type in a strict table', (c) =>
    execute(`CREATE TABLE ${c.fresh('t')}(a VARCHAR) STRICT`),
  ),
  failing('table without rowid and without key', (c) =>
    execute(`CREATE TABLE ${c.fresh('t')}(a) WITHOUT ROWID`),
  ),
  failing('autoincrement on a column that is no rowid', (c) =>
    execute(`CREATE TABLE ${c.fresh('t')}(a TEXT PRIMARY KEY AUTOINCREMENT)`),
  ),
  failing('write to a view without trigger', (c) => {
    const view = c.fresh('nv');
    return batch([`CREATE VIEW ${view} AS SELECT 1 AS one`, `DELETE FROM ${view}`]);
  }),
  failing('write to the schema table', (c) =>
    execute(
      c.pick([
        "INSERT INTO sqlite_schema VALUES ('table', 'x', 'x', 0, '')",
        'DELETE FROM sqlite_master',
        "UPDATE sqlite_schema SET sql = 'x'",
      ]),
    ),
  ),
  failing('unsafe function in a view', (c) => {
    const view = c.fresh('nv');
    return batch([`CREATE VIEW ${view} AS SELECT load_extension('x')`, `SELECT * FROM ${view}`]);
  }),
  failing('reserved name', (c) => execute(`CREATE TABLE sqlite_${c.fresh('own')}(x)`)),
  failing('trigger on no such table', (c) =>
    execute(
      `CREATE TRIGGER ${c.fresh('g')} AFTER INSERT ON ${c.fresh('missing')} BEGIN SELECT 1; END`,
    ),
  ),
  failing('foreign key that does not fit its parent', (c) =>
    c.catalog.has('misfit') ? execute('INSERT INTO misfit VALUES (1)') : null,
  ),
  {
    name: 'create a foreign key that does not fit its parent',
    make: (c) =>
      c.catalog.has('misfit') || !c.catalog.has('audit')
        ? null
        : execute('CREATE TABLE misfit(x REFERENCES audit(what))'),
  },
];

/** What values do at run time. A table of its own, so that each error is met for certain. */
const constraints: Feature[] = [
  {
    name: 'create table of rules',
    weight: 4,
    make: (c) =>
      c.catalog.has('rules')
        ? null
        : execute(
            'CREATE TABLE rules(id INTEGER PRIMARY KEY, u TEXT UNIQUE, m INT NOT NULL DEFAULT 1, k INT CONSTRAINT positive CHECK(k > 0), g AS (k + 1) STORED)',
          ),
  },
  {
    name: 'create strict table of rules',
    weight: 4,
    make: (c) =>
      c.catalog.has('strict_rules')
        ? null
        : execute('CREATE TABLE strict_rules(n INT, t TEXT, b BLOB, r REAL, UNIQUE(n)) STRICT'),
  },
  {
    name: 'rows for the rules',
    weight: 2,
    make: (c) =>
      c.catalog.has('rules')
        ? execute("INSERT INTO rules(id, u) VALUES (1, 'one') ON CONFLICT DO UPDATE SET m = m + 1")
        : null,
  },
  ...Object.entries({
    'primary key taken': 'INSERT INTO rules(id, u) VALUES (5001, NULL), (5001, NULL)',
    'unique value taken': "INSERT INTO rules(u) VALUES ('twice'), ('twice')",
    'null where there may be none': 'INSERT INTO rules(m) VALUES (NULL)',
    'check violated': 'INSERT INTO rules(k) VALUES (-1)',
    'rowid of another type': "INSERT INTO rules(id) VALUES ('word')",
    'value for a generated column': 'INSERT INTO rules(g) VALUES (1)',
    'integer overflow': 'INSERT INTO rules(k) VALUES (abs(-9223372036854775807 - 1))',
    'string too big': 'INSERT INTO rules(u) VALUES (zeroblob(2000000000))',
    'malformed JSON': "INSERT INTO rules(k) VALUES (json_extract('{bad', '$.a'))",
  }).flatMap(([name, sql]): Feature[] => [
    failing(name, (c) => (c.catalog.has('rules') ? execute(sql) : null)),
    failing(`${name}, returning`, (c) =>
      c.catalog.has('rules') ? execute(`${sql} RETURNING *`) : null,
    ),
  ]),
  ...[
    "INSERT INTO strict_rules(n) VALUES ('word')",
    "INSERT INTO strict_rules(r) VALUES (x'00')",
    'INSERT INTO strict_rules(b) VALUES (1) RETURNING 1',
  ].map(
    (sql, i): Feature =>
      failing(`wrong type in a strict table, ${i + 1}`, (c) =>
        c.catalog.has('strict_rules') ? execute(sql) : null,
      ),
  ),
];

/** What shows only while rows are made. */
const running: Feature[] = [
  failing('error in the second row', (c) =>
    either(
      c,
      'SELECT CASE column1 WHEN 2 THEN abs(-9223372036854775807 - 1) ELSE column1 END FROM (VALUES (1), (2))',
    ),
  ),
  failing('malformed JSON in a read', (c) => either(c, "SELECT json('{')")),
  failing('JSON path that is none', (c) => either(c, "SELECT json_extract('{}', 'x')")),
  failing('LIKE pattern too complex', (c) => either(c, `SELECT 'a' LIKE '${'%a'.repeat(30_000)}'`)),
  failing('blob too big in a read', (c) => either(c, 'SELECT zeroblob(1500000000)')),
  failing('window frame that begins nowhere', (c) =>
    either(
      c,
      'SELECT sum(x) OVER (ORDER BY x RANGE BETWEEN -1 PRECEDING AND 1 FOLLOWING) FROM (SELECT 1 AS x)',
    ),
  ),
];

export const ERROR_FEATURES: readonly Feature[] = [
  ...parsing,
  ...schema,
  ...constraints,
  ...running,
];
