/** Tables of every kind, and what ALTER TABLE and DROP do to them. */
import { type Context, type Feature, quoted } from '../context.ts';
import { type Draft, execute } from '../step.ts';

/** Past this no more are made, so that the others get rows. */
const TABLES_MAX = 12;
const TYPES = [
  'INT',
  'INTEGER',
  'TEXT',
  'BLOB',
  'REAL',
  'NUMERIC',
  'VARCHAR(10)',
  'DECIMAL(10,2)',
  'BOOLEAN',
  'DATE',
  'DOUBLE PRECISION',
  'CLOB',
  '',
];
const STRICT_TYPES = ['INT', 'INTEGER', 'REAL', 'TEXT', 'BLOB', 'ANY'];
const CONFLICTS = ['ROLLBACK', 'ABORT', 'FAIL', 'IGNORE', 'REPLACE'];

function full(c: Context): boolean {
  return c.catalog.tables().length >= TABLES_MAX;
}

/** `c0 TYPE constraints, …` */
function columns(c: Context, types: readonly string[], strict: boolean): string {
  const count = c.int(2, 5);
  return Array.from(
    { length: count },
    (_, i) => `c${i} ${columnRules(c, c.pick(types), strict)}`,
  ).join(', ');
}

function columnRules(c: Context, type: string, strict: boolean): string {
  const rules = [type];
  if (c.chance(0.15))
    rules.push(`NOT NULL${c.chance(0.3) ? ` ON CONFLICT ${c.pick(CONFLICTS)}` : ''}`);
  if (c.chance(0.12))
    rules.push(`UNIQUE${c.chance(0.3) ? ` ON CONFLICT ${c.pick(CONFLICTS)}` : ''}`);
  if (!strict && c.chance(0.25))
    rules.push(
      `DEFAULT ${c.pick(["'d'", '7', '-1.5', 'NULL', '(1+2)', "x'00ff'", "(upper('q'))"])}`,
    );
  if (/TEXT|CHAR/.test(type) && c.chance(0.4))
    rules.push(`COLLATE ${c.pick(['NOCASE', 'RTRIM', 'BINARY'])}`);
  return rules.join(' ');
}

function make(c: Context, body: (name: string) => string): Draft | null {
  if (full(c)) return null;
  return execute(body(c.fresh('t')));
}

const creations: Feature[] = [
  {
    name: 'create table, every affinity',
    weight: 2,
    make: (c) => make(c, (t) => `CREATE TABLE ${t}(${columns(c, TYPES, false)})`),
  },
  {
    name: 'create table, integer primary key',
    weight: 2,
    make: (c) =>
      make(c, (t) => `CREATE TABLE ${t}(id INTEGER PRIMARY KEY, ${columns(c, TYPES, false)})`),
  },
  {
    name: 'create table, autoincrement',
    make: (c) =>
      make(c, (t) => `CREATE TABLE ${t}(id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT, n INT)`),
  },
  {
    name: 'create table without rowid',
    weight: 2,
    make: (c) =>
      make(
        c,
        (t) =>
          `CREATE TABLE ${t}(a ${c.pick(['TEXT', 'INT', 'BLOB'])}, b INT, v, w REAL, PRIMARY KEY(a, b DESC)) WITHOUT ROWID`,
      ),
  },
  {
    name: 'create table, strict',
    weight: 2,
    make: (c) =>
      make(
        c,
        (t) =>
          `CREATE TABLE ${t}(id INTEGER PRIMARY KEY, ${columns(c, STRICT_TYPES, true)}) STRICT`,
      ),
  },
  {
    name: 'create table, strict and without rowid',
    make: (c) =>
      make(c, (t) => `CREATE TABLE ${t}(k TEXT PRIMARY KEY, v ANY, n INT) STRICT, WITHOUT ROWID`),
  },
  {
    name: 'create table, generated columns',
    weight: 2,
    make: (c) =>
      make(
        c,
        (t) =>
          `CREATE TABLE ${t}(id INTEGER PRIMARY KEY, a INT, b TEXT, s AS (a * 2 + 1) STORED, v TEXT GENERATED ALWAYS AS (coalesce(b, '-') || typeof(a)) VIRTUAL)`,
      ),
  },
  {
    name: 'create table, check and unique',
    weight: 2,
    make: (c) =>
      make(
        c,
        (t) =>
          `CREATE TABLE ${t}(id INTEGER PRIMARY KEY, a INT CHECK(a <> 13), b TEXT, CONSTRAINT pair_${t} UNIQUE(a, b)${c.chance(0.4) ? ` ON CONFLICT ${c.pick(CONFLICTS)}` : ''}, CONSTRAINT long_${t} CHECK(length(b) < 250))`,
      ),
  },
  {
    name: 'create table as select',
    make: (c) => {
      const source = c.table();
      if (source === null || full(c)) return null;
      const order = source.columns.map(({ name }) => quoted(name)).join(', ');
      return execute(
        `CREATE TABLE ${c.fresh('t')} AS SELECT *, 1 AS one FROM ${source.name} ORDER BY ${order} LIMIT 20`,
      );
    },
  },
  {
    name: 'create table if not exists',
    make: (c) => {
      const table = c.table();
      return table === null ? null : execute(`CREATE TABLE IF NOT EXISTS ${table.name}(x)`);
    },
  },
];

const alterations: Feature[] = [
  {
    name: 'alter table add column',
    make: (c) => {
      const table = c.table();
      if (table === null || table.columns.length > 12) return null;
      const rules = c.pick(
        table.strict
          ? ['INT', "TEXT DEFAULT 'x'", 'ANY']
          : [
              '',
              'TEXT',
              "TEXT NOT NULL DEFAULT 'n'",
              'INT DEFAULT 5',
              'AS (1 + 1) VIRTUAL',
              'REAL CHECK(typeof(1) IS NOT NULL)',
            ],
      );
      return execute(`ALTER TABLE ${table.name} ADD COLUMN ${c.fresh('x')} ${rules}`);
    },
  },
  {
    name: 'alter table drop column',
    make: (c) => {
      const table = c.table();
      if (table === null || table.columns.length < 4) return null;
      const { name } = c.chance(0.7) ? table.columns.at(-1)! : c.pick(table.columns);
      return execute(`ALTER TABLE ${table.name} DROP COLUMN ${quoted(name)}`);
    },
  },
  {
    name: 'alter table rename column',
    make: (c) => {
      const table = c.table();
      if (table === null) return null;
      return execute(
        `ALTER TABLE ${table.name} RENAME COLUMN ${quoted(c.pick(table.columns).name)} TO ${c.fresh('r')}`,
      );
    },
  },
  {
    name: 'alter table rename',
    make: (c) => {
      const table = c.table();
      return table === null ? null : execute(`ALTER TABLE ${table.name} RENAME TO ${c.fresh('t')}`);
    },
  },
];

/** Few of them: what is gone cannot be compared. */
const drops: Feature[] = [
  {
    name: 'drop table',
    make: (c) => {
      const tables = c.catalog.tables();
      return tables.length < TABLES_MAX - 4 ? null : execute(`DROP TABLE ${c.pick(tables).name}`);
    },
  },
  {
    name: 'drop index',
    make: (c) => {
      const index = c.maybe(c.catalog.names('index', 'i'));
      return index === null ? null : execute(`DROP INDEX ${index}`);
    },
  },
  {
    name: 'drop view',
    make: (c) => {
      const views = c.catalog.names('view', 'v');
      return views.length < 1 ? null : execute(`DROP VIEW ${c.pick(views)}`);
    },
  },
  {
    name: 'drop trigger',
    make: (c) => {
      const trigger = c.maybe(c.catalog.names('trigger', 'g'));
      return trigger === null ? null : execute(`DROP TRIGGER ${trigger}`);
    },
  },
  {
    name: 'drop if exists, of what is not there',
    make: (c) =>
      execute(
        `DROP ${c.pick(['TABLE', 'INDEX', 'VIEW', 'TRIGGER'])} IF EXISTS ${c.fresh('nothing')}`,
      ),
  },
];

export const TABLE_FEATURES: readonly Feature[] = [...creations, ...alterations, ...drops];
