/** Reads: what SQLite can say about rows, and values made without any table. */
import type { SqlArgs } from '../../../src/api/value.ts';
import { byAllColumns, type Context, type Feature, quoted } from '../context.ts';
import { type Draft, execute, query } from '../step.ts';

/**
 * As a query of a member's own copy, or as a statement for the leader: the answer is to be the same. Now and then the types of what it
 * reads are asked for instead, which JavaScript's numbers do not tell.
 */
function read(c: Context, sql: string, args?: SqlArgs): Draft {
  const asked = c.chance(0.25) ? typesOf(c, sql) : sql;
  return c.chance(0.7) ? query(asked, args) : execute(asked, args);
}

function typesOf(c: Context, sql: string): string {
  if (!/^(SELECT|WITH)/.test(sql)) return sql;
  const names = Array.from({ length: c.catalog.width(sql) }, (_, i) => `q${i}`);
  const types = names.map((name) => `typeof(${name})`).join(', ');
  return `WITH q(${names.join(', ')}) AS MATERIALIZED (${sql}) SELECT ${types} FROM q`;
}

function overTable(make: (c: Context, table: string, first: string, order: string) => string) {
  return (c: Context): Draft | null => {
    const table = c.table();
    if (table === null) return null;
    return read(c, make(c, table.name, quoted(c.pick(table.columns).name), byAllColumns(table)));
  };
}

const shapes: Record<string, (c: Context, table: string, column: string, order: string) => string> =
  {
    'group by and having': (_c, t, x) =>
      `SELECT typeof(${x}) AS k, count(*), count(DISTINCT ${x}), min(${x}), max(${x}) FROM ${t} GROUP BY k HAVING count(*) > 1 ORDER BY k`,
    'aggregates with filter': (_c, t, x) =>
      `SELECT count(*) FILTER (WHERE ${x} IS NULL), total(${x}), group_concat(typeof(${x}) ORDER BY typeof(${x})) FROM ${t}`,
    'window functions': (c, t, x, order) =>
      `SELECT ${x}, row_number() OVER w, ${c.pick(['rank()', 'dense_rank()', 'ntile(3)', 'cume_dist()'])} OVER w, lag(typeof(${x})) OVER w, first_value(${x}) OVER (ORDER BY ${order} ROWS BETWEEN 2 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM ${t} WINDOW w AS (ORDER BY ${order}) ORDER BY ${order} LIMIT 30`,
    'compound select': (c, t, x) =>
      `SELECT ${x} AS v FROM ${t} ${c.pick(['UNION', 'INTERSECT', 'EXCEPT', 'UNION ALL'])} SELECT 5 ORDER BY 1 NULLS LAST LIMIT 30`,
    'common table expression': (c, t, x, order) =>
      `WITH a AS ${c.pick(['', 'MATERIALIZED', 'NOT MATERIALIZED'])} (SELECT * FROM ${t} ORDER BY ${order} LIMIT 10), b AS (SELECT count(*) AS n FROM a) SELECT a.${x}, b.n FROM a, b ORDER BY 1`,
    'join with using and subquery': (_c, t, x) =>
      `SELECT a.${x}, (SELECT count(*) FROM ${t} AS i WHERE i.${x} IS a.${x}) FROM ${t} AS a LEFT JOIN ${t} AS b USING (${x}) WHERE EXISTS (SELECT 1 FROM ${t}) GROUP BY 1, 2 ORDER BY 1, 2 LIMIT 30`,
    'right and full join': (c, t, x) =>
      `SELECT a.${x}, b.column1 FROM ${t} AS a ${c.pick(['RIGHT', 'FULL', 'LEFT'])} JOIN (VALUES (1), ('abc'), (NULL)) AS b ON a.${x} = b.column1 ORDER BY 1, 2 LIMIT 30`,
    'order by with collation and nulls': (c, t, x, order) =>
      `SELECT ${x} FROM ${t} ORDER BY ${x} COLLATE NOCASE ${c.pick(['ASC', 'DESC'])} NULLS ${c.pick(['FIRST', 'LAST'])}, ${order} LIMIT 20 OFFSET ${c.int(0, 5)}`,
    'like, glob and between': (_c, t, x, order) =>
      `SELECT ${x}, ${x} LIKE 'a%' ESCAPE '!', ${x} GLOB 'w[0-9]*', ${x} BETWEEN 1 AND 'b', ${x} IS NOT DISTINCT FROM 'abc' FROM ${t} ORDER BY ${order} LIMIT 20`,
    'casts and affinity': (_c, t, x, order) =>
      `SELECT CAST(${x} AS TEXT), CAST(${x} AS INTEGER), typeof(CAST(${x} AS NUMERIC)), hex(CAST(${x} AS BLOB)), +${x} = ${x} || '' FROM ${t} ORDER BY ${order} LIMIT 20`,
    'quote and printf': (_c, t, x, order) =>
      `SELECT quote(${x}), printf('%s|%08.3f|%,d|%x', ${x}, ${x}, 1234567, 255), length(${x}), unicode(${x}), instr(${x}, 'b') FROM ${t} ORDER BY ${order} LIMIT 20`,
  };

const overTables: Feature[] = Object.entries(shapes).map(([name, make]) => ({
  name,
  weight: 2,
  make: overTable(make),
}));

const alone: Record<string, (c: Context) => readonly [sql: string, args?: SqlArgs]> = {
  'dates and times': (c) => [
    `SELECT date('2024-02-29', '+${c.int(1, 40)} months'), datetime(?, 'unixepoch', 'start of month', 'weekday 1'), julianday('2000-01-01 12:00'), strftime('%Y-%j-%W %H:%M:%f', ?, 'unixepoch'), timediff('2024-03-01', '2023-12-31'), unixepoch('1969-12-31')`,
    [c.int(0, 2_000_000_000), c.int(0, 2_000_000_000)],
  ],
  'JSON functions': (c) => [
    `SELECT json_set(?, '$.b[#]', 7), ? -> '$.a', ? ->> '$.b[1]', json_type(?, '$.b'), json_patch(?, '{"a":null,"z":[1]}'), json_group_array(value), json_valid('{x:1}', 2), json_quote(1e300), jsonb(?) FROM json_each(?, '$.b')`,
    Array(7).fill(`{"a":${c.int(0, 9)},"b":[1,"two",null,${c.int(0, 99)}.5]}`),
  ],
  'JSON as a table': (c) => [
    'SELECT fullkey, type, atom FROM json_tree(?) ORDER BY id',
    [`{"k":[{"n":${c.int(0, 9)}},true,[]],"s":"ä\\u0041"}`],
  ],
  'recursive CTE alone': (c) => [
    `WITH RECURSIVE f(n, a, b) AS (SELECT 0, 0, 1 UNION ALL SELECT n + 1, b, a + b FROM f WHERE n < ${c.int(3, 90)}) SELECT n, a FROM f ORDER BY n DESC LIMIT 5`,
  ],
  'integers at the edge': () => [
    'SELECT ?, ?, -9223372036854775808, 9007199254740993, 9223372036854775807 + 1, 5 / 2, -5 % 3, 1 << 62, ~0',
    [2n ** 63n - 1n, -(2n ** 63n)],
  ],
  'parameters of all types': (c) => [
    'SELECT typeof(?1), ?1, typeof(?2), ?2, typeof(?3), ?3, typeof(?4), hex(?4), ?5, ?6',
    [c.int(-5, 5), 0.1, c.text(), c.blob(), null, 9e15 + c.int(0, 3)],
  ],
  'math and string functions': (c) => [
    `SELECT round(pow(?, 1.5), 6), ceil(2.1), mod(17.5, 4), sign(-3), log2(8), upper('ä b'), replace('aXbX', 'X', ?), trim('  x '), substr('abcdef', -3, 2), ${c.catalog.soundex("'Robert'")}, iif(1 > 2, 'y', 'n'), nullif(3, 3), char(9731), concat_ws('-', 1, NULL, 'z'), unhex('4A'), octet_length('ä'), likelihood(1, 0.5), max(3, 1, 2)`,
    [c.int(0, 50), c.text()],
  ],
  'values as a table': (c) => [
    `SELECT * FROM (VALUES (1, 'x'), (${c.int(2, 99)}, NULL), (?, ?)) ORDER BY 2, 1`,
    [c.value(), c.value()],
  ],
  'row values and case': (c) => [
    "SELECT (1, 2, 3) < (1, 2, ?), CASE ? WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'more' END, (SELECT 1 WHERE 0), 3 IN (1, 2, 3), NULL IN (), 'a' || NULL",
    [c.int(0, 9), c.int(0, 4)],
  ],
  'a large blob': (c) => [
    'SELECT zeroblob(?), length(?), substr(?, 100, 10)',
    [
      c.int(100_000, 300_000),
      new Uint8Array(150_000).fill(c.int(0, 255)),
      new Uint8Array(200_000).fill(7),
    ],
  ],
  'columns without names, and twice the same': () => [
    "SELECT 1, 1 AS a, 2 AS a, 'x' AS \"b c\", ''",
  ],
};

const values: Feature[] = Object.entries(alone).map(([name, make]) => ({
  name,
  make: (c) => {
    const [sql, args] = make(c);
    return read(c, sql, args);
  },
}));

const plan: Feature = {
  name: 'explain query plan',
  make: (c) => {
    const table = c.table();
    return table === null
      ? null
      : read(c, `EXPLAIN QUERY PLAN SELECT count(*) FROM ${table.name}, json_each('[1]')`);
  },
};

export const QUERY_FEATURES: readonly Feature[] = [...overTables, ...values, plan];
