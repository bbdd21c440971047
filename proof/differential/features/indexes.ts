/** Indexes, views and triggers on the tables that are there. */
import { byAllColumns, type Context, type Feature, quoted, writable } from '../context.ts';
import { type Draft, execute, query } from '../step.ts';

const INDEXES_MAX = 14;
const VIEWS_MAX = 6;
const TRIGGERS_MAX = 14;

function indexOn(c: Context, unique: boolean, terms: (column: string) => string): Draft | null {
  const table = c.table();
  if (table === null || c.catalog.names('index', 'i').length >= INDEXES_MAX) return null;
  const column = quoted(c.pick(table.columns).name);
  const kind = unique ? 'UNIQUE INDEX' : 'INDEX';
  return execute(`CREATE ${kind} ${c.fresh('i')} ON ${table.name}(${terms(column)}`);
}

const indexes: Feature[] = [
  {
    name: 'create index',
    make: (c) =>
      indexOn(c, false, (column) => `${column} ${c.pick(['', 'DESC', 'COLLATE NOCASE'])})`),
  },
  { name: 'create unique index', make: (c) => indexOn(c, true, (column) => `${column})`) },
  {
    name: 'create partial index',
    make: (c) =>
      indexOn(
        c,
        c.chance(0.3),
        (column) => `${column}) WHERE ${column} IS NOT NULL AND ${column} <> 'w7'`,
      ),
  },
  {
    name: 'create index on an expression',
    make: (c) => indexOn(c, false, (column) => `length(${column}), ${column} || 'x')`),
  },
  {
    name: 'reindex',
    make: (c) =>
      execute(
        `REINDEX${c.pick(['', ' NOCASE', ...c.catalog.tables().map(({ name }) => ` ${name}`)])}`,
      ),
  },
];

const views: Feature[] = [
  {
    name: 'create view',
    make: (c) => {
      const table = c.table();
      if (table === null || c.catalog.names('view', 'v').length >= VIEWS_MAX) return null;
      const [first, second] = table.columns.map(({ name }) => quoted(name));
      return execute(
        `CREATE VIEW ${c.fresh('v')}(x, y, n) AS SELECT ${first}, ${second ?? first}, count(*) OVER () FROM ${table.name} WHERE ${first} IS NOT NULL`,
      );
    },
  },
  {
    name: 'select from view',
    make: (c) => {
      const view = c.maybe(c.catalog.names('view', 'v'));
      return view === null ? null : query(`SELECT * FROM ${view} ORDER BY 1, 2 LIMIT 50`);
    },
  },
];

function trigger(
  c: Context,
  when: string,
  event: string,
  body: (columns: string[]) => string,
): Draft | null {
  const table = c.table();
  if (table === null || c.catalog.names('trigger', 'g').length >= TRIGGERS_MAX) return null;
  const names = writable(table).map(({ name }) => quoted(name));
  const of = event === 'UPDATE' && c.chance(0.4) ? ` OF ${c.pick(names)}` : '';
  return execute(
    `CREATE TRIGGER ${c.fresh('g')} ${when} ${event}${of} ON ${table.name} FOR EACH ROW ${body(names)} END`,
  );
}

function logging(c: Context, event: string): (columns: string[]) => string {
  const row = event === 'DELETE' ? 'OLD' : 'NEW';
  return (columns) =>
    `BEGIN INSERT INTO audit(what, old) VALUES ('${event} ' || typeof(${row}.${c.pick(columns)}), quote(${row}.${c.pick(columns)}));`;
}

/** Refuses few rows only: the tables must go on filling. */
function raising(c: Context, how: string): (columns: string[]) => string {
  return (columns) => {
    const raise =
      how === 'IGNORE' ? 'RAISE(IGNORE)' : `RAISE(${how}, 'refused by ${how.toLowerCase()}')`;
    return `WHEN NEW.${c.pick(columns)} = 'w${c.int(0, 9)}' OR NEW.${columns[0]} = ${c.int(10, 20)} BEGIN SELECT ${raise};`;
  };
}

const triggers: Feature[] = [
  ...['INSERT', 'UPDATE', 'DELETE'].flatMap((event) =>
    ['BEFORE', 'AFTER'].map(
      (when): Feature => ({
        name: `create trigger ${when.toLowerCase()} ${event.toLowerCase()}`,
        make: (c) => (c.catalog.has('audit') ? trigger(c, when, event, logging(c, event)) : null),
      }),
    ),
  ),
  ...['IGNORE', 'ABORT', 'FAIL', 'ROLLBACK'].map(
    (how): Feature => ({
      name: `create trigger that raises ${how.toLowerCase()}`,
      make: (c) =>
        trigger(c, c.pick(['BEFORE', 'AFTER']), c.pick(['INSERT', 'UPDATE']), raising(c, how)),
    }),
  ),
  {
    name: 'create table of an audit',
    weight: 3,
    make: (c) =>
      c.catalog.has('audit')
        ? null
        : execute('CREATE TABLE audit(n INTEGER PRIMARY KEY, what TEXT, old)'),
  },
  {
    name: 'read the audit',
    make: (c) =>
      c.catalog.has('audit')
        ? query('SELECT what, count(*), max(n) FROM audit GROUP BY what ORDER BY what')
        : null,
  },
];

const insteadOf: Feature[] = [
  {
    name: 'create view with instead of triggers',
    weight: 3,
    make: (c) =>
      c.catalog.has('items')
        ? null
        : execute('CREATE TABLE items(id INTEGER PRIMARY KEY, label TEXT, gone INT DEFAULT 0)'),
  },
  {
    name: 'create the view of what is left',
    weight: 3,
    make: (c) =>
      c.catalog.has('left_items') || !c.catalog.has('items')
        ? null
        : execute('CREATE VIEW left_items AS SELECT id, label FROM items WHERE gone = 0'),
  },
  ...(
    [
      ['insert', 'INSERT INTO items(id, label) VALUES (NEW.id, upper(NEW.label));'],
      ['update', 'UPDATE items SET label = NEW.label WHERE id = OLD.id;'],
      ['delete', 'UPDATE items SET gone = 1 WHERE id = OLD.id;'],
    ] as const
  ).map(
    ([event, body]): Feature => ({
      name: `create trigger instead of ${event}`,
      weight: 3,
      make: (c) =>
        c.catalog.has('left_items') && !c.catalog.has(`items_${event}`)
          ? execute(
              `CREATE TRIGGER items_${event} INSTEAD OF ${event.toUpperCase()} ON left_items BEGIN ${body} END`,
            )
          : null,
    }),
  ),
  {
    name: 'insert into a view',
    make: (c) =>
      c.catalog.has('items_insert')
        ? execute('INSERT INTO left_items(id, label) VALUES (?, ?), (NULL, ?)', [
            c.int(1, 500),
            c.text(),
            c.text(),
          ])
        : null,
  },
  {
    name: 'update a view',
    make: (c) =>
      c.catalog.has('items_update')
        ? execute("UPDATE left_items SET label = label || '.' WHERE id % 7 = ?", [c.int(0, 6)])
        : null,
  },
  {
    name: 'delete from a view',
    make: (c) =>
      c.catalog.has('items_delete')
        ? execute('DELETE FROM left_items WHERE id % 11 = ?', [c.int(0, 10)])
        : null,
  },
  {
    name: 'read through the view',
    make: (c) =>
      c.catalog.has('left_items') ? query('SELECT * FROM left_items ORDER BY id LIMIT 30') : null,
  },
];

const wholeTable: Feature = {
  name: 'select all',
  weight: 3,
  make: (c) => {
    const table = c.table();
    if (table === null) return null;
    const types = table.columns.map(({ name }) => `typeof(${quoted(name)})`).join(', ');
    return query(`SELECT *, ${types} FROM ${table.name} ORDER BY ${byAllColumns(table)} LIMIT 40`);
  },
};

export const SCHEMA_FEATURES: readonly Feature[] = [
  ...indexes,
  ...views,
  ...triggers,
  ...insteadOf,
  wholeTable,
];
