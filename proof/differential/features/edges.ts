/** Values and sizes at the edges: rowids, NUL, NaN, overflow, JSONB, very long and very wide rows. */
import type { SqlArgs } from '../../../src/api/value.ts';
import type { Context, Feature } from '../context.ts';
import { batch, type Draft, execute, query } from '../step.ts';

const WIDE = 300;

function failing(name: string, make: (c: Context) => Draft | null): Feature {
  return { name, succeeds: false, make };
}

function on(table: string, make: (c: Context) => Draft): (c: Context) => Draft | null {
  return (c) => (c.catalog.has(table) ? make(c) : null);
}

const rowids: Feature[] = [
  {
    name: 'autoincrement to the last rowid',
    weight: 2,
    make: (c) =>
      c.catalog.has('ending')
        ? null
        : batch([
            'CREATE TABLE ending(id INTEGER PRIMARY KEY AUTOINCREMENT, v)',
            'INSERT INTO ending(id) VALUES (9223372036854775806)',
            "INSERT INTO ending(v) VALUES ('last') RETURNING id",
          ]),
  },
  failing(
    'no rowid left',
    on('ending', () => execute("INSERT INTO ending(v) VALUES ('more')")),
  ),
  failing(
    'no rowid left, in a batch',
    on('ending', () =>
      batch(['UPDATE ending SET v = 1', "INSERT INTO ending(v) VALUES ('more') RETURNING id"]),
    ),
  ),
  {
    name: 'sequences of autoincrement',
    make: on('ending', () =>
      batch([
        "UPDATE sqlite_sequence SET seq = seq WHERE name = 'ending'",
        'SELECT name, seq, typeof(seq) FROM sqlite_sequence ORDER BY name',
      ]),
    ),
  },
  {
    name: 'rowids at both ends',
    make: (c) => {
      const table = c.fresh('u');
      return batch([
        `CREATE TABLE ${table}(v)`,
        `INSERT INTO ${table}(rowid, v) VALUES (-9223372036854775808, 'least'), (-1, 'less'), (0, 'none')`,
        `INSERT INTO ${table}(v) VALUES ('one') RETURNING rowid`,
        `UPDATE ${table} SET rowid = 9223372036854775807 WHERE v = 'one'`,
        `SELECT rowid, v, last_insert_rowid() FROM ${table} ORDER BY rowid`,
        `DROP TABLE ${table}`,
      ]);
    },
  },
];

const texts: Feature[] = [
  {
    name: 'create table of odd values',
    weight: 4,
    make: (c) =>
      c.catalog.has('odd') ? null : execute('CREATE TABLE odd(id INTEGER PRIMARY KEY, v, j BLOB)'),
  },
  {
    name: 'insert odd values',
    weight: 3,
    make: on('odd', (c) =>
      execute(
        `INSERT INTO odd(v) VALUES (${c.pick([
          "'a' || char(0) || 'b'",
          'char(0)',
          "CAST(x'00ff00' AS TEXT)",
          "CAST(x'c328' AS TEXT)",
          '9e999 - 9e999',
          '-9e999',
          '-0.0',
          '5e-324',
          '1.7976931348623157e308',
          '9223372036854775807 + 1',
          '-9223372036854775808',
          '0x7fffffffffffffff',
          "'9223372036854775808' + 0",
          "CAST('9e99' AS INT)",
          'char(0xd800, 0x10ffff, 0xfffe)',
          "''",
          "x''",
          'zeroblob(3)',
          "unistr('\\2126')",
          "'1' || x'32'",
          '1e15',
          '123456789012345678',
          'true',
        ])}) RETURNING typeof(v), length(v), hex(CAST(v AS BLOB)), v IS NULL`,
      ),
    ),
  },
  {
    name: 'read odd values',
    weight: 2,
    make: on('odd', (c) =>
      query(
        'SELECT id, typeof(v), quote(v), hex(CAST(v AS BLOB)), v > 5, v = -0.0, length(v), octet_length(v) FROM odd ORDER BY v, id LIMIT ? OFFSET ?',
        [c.int(5, 40), c.int(0, 9)],
      ),
    ),
  },
  {
    name: 'JSONB in a table',
    weight: 2,
    make: on('odd', (c) =>
      batch([
        `INSERT INTO odd(v, j) VALUES ('json', jsonb('{"a":[1,2.50,"x",null,true],"b":{"n":${c.int(0, 99)}}}'))`,
        "UPDATE odd SET j = jsonb_set(jsonb_remove(j, '$.a[0]'), '$.b.m', json('[1,{\"z\":9}]'), '$.c', 1e400) WHERE v = 'json'",
        "SELECT hex(j), json(j), j -> '$.b', j ->> '$.a[#-1]', json_type(j, '$.a'), json_valid(j, 8) FROM odd WHERE v = 'json' ORDER BY id",
        "SELECT json_group_array(jsonb(j)), jsonb_group_object(id, json(j)) FROM odd WHERE v = 'json' AND id % 2",
        "SELECT key, value, type, path FROM odd, json_tree(odd.j) WHERE v = 'json' AND atom IS NOT NULL ORDER BY odd.id, fullkey LIMIT 40",
      ]),
    ),
  },
  failing(
    'JSONB that is none',
    on('odd', () =>
      batch([
        "INSERT INTO odd(v, j) VALUES ('bad', x'ffff')",
        "SELECT json(j) FROM odd WHERE v = 'bad'",
      ]),
    ),
  ),
];

const reads: Record<string, (c: Context) => readonly [sql: string, args?: SqlArgs]> = {
  'integer and real at the edge': () => [
    "SELECT typeof(9223372036854775807 + 0), typeof(9223372036854775807 + 1), typeof(-9223372036854775808 / -1), 1 / 0, 1 % 0, 5.0 / 0, typeof(9e999 - 9e999), 9e999, -9e999, CAST('abc' AS INT), CAST(9e99 AS INT), CAST('0x10' AS INT), 0x10, 1_000_000, abs(-9223372036854775807), round(2.5), round(-0.4), 7 / -2, 7 % -2, -7 >> 1, 1 << 64, 1 << -1, ~5",
  ],
  'aggregates at the edge': () => [
    "SELECT sum(x), total(x), avg(x), typeof(sum(x)), count(x), median(x) FILTER (WHERE x < 9), percentile(x, 25) FILTER (WHERE x < 9), string_agg(x, '|' ORDER BY x) FROM (SELECT column1 AS x FROM (VALUES (1), (2.5), (NULL), ('7'), ('word')))",
  ],
  'JSON functions, all of them': (c) => [
    "SELECT json_array(1, 2.0, 'x', NULL, json('{}')), json_array_length(?, '$.b'), json_error_position('{\"a\":,}'), json_insert(?, '$.n', 1), json_object('k', jsonb('[1]')), json_pretty('[1,{}]'), json_replace(?, '$.a', 'r'), json_remove(?, '$.a'), json_array_insert('[1,2]', '$[1]', 9), json_extract(?, '$.a', '$.b[0]'), jsonb_array(1) = jsonb('[1]'), json('{a:1,\\u0062:+2,c:.5,}'), '[1,2]' ->> -1, '{\"a\":9007199254740993}' ->> 'a'",
    Array(5).fill(`{"a":${c.int(0, 9)},"b":[true,"two"]}`),
  ],
  'text functions, all of them': (c) => [
    `SELECT format('%-8s|%+d|%e|%g|%q|%w|%c|%!.20s|%#x', ?, 5, 1234.5, 1e-7, 'it''s', 'a"b', 'xyz', 'ünï', 255), hex(?), unhex('zz'), quote(x'00'), quote(1e999), substring('abc', 0, 2), substr('abc', -1), instr('a\u00e9b', 'b'), ltrim('xxa', 'x'), rtrim('axx', 'x'), replace('aaa', 'a', ''), glob('a*', 'abc'), like('A_', 'ab'), like('a!%', 'a%', '!'), char(), upper('stra\u00dfe'), lower('\u00c4'), concat('a', NULL, 1), unistr('\\u0041'), unistr_quote('a\u0001'), ${c.catalog.soundex('NULL')}, typeof(zeroblob(0)), length(x'0000'), ifnull(NULL, 1), coalesce(NULL, NULL, 'c'), iif(0, 1), likely(1), octet_length('\u{1f6b2}'), length('\u{1f6b2}')`,
    [c.text(), c.text()],
  ],
  'dates, all modifiers': (c) => [
    `SELECT date('2023-01-31', '+1 month', '${c.pick(['floor', 'ceiling'])}'), datetime(?, 'auto'), datetime('2024-03-10T02:30:15.678Z', 'subsec'), time('12:34:56+02:00'), strftime('%G-%V-%u %I:%M %p %s %k %l %e %U %% %J', '2021-01-03'), julianday('now') > 2460000, date('0000-01-01', '-1 day'), date('9999-12-31', '+1 day'), datetime('2024-01-01', '+36:00', 'weekday 0', 'start of day'), unixepoch('2000-01-01 00:00:00.5', 'subsec'), timediff('2000-02-29', '1999-01-31'), date('nonsense'), strftime('%Q', '2000-01-01')`,
    [c.pick([0, 1e9, 2451545.5, -1])],
  ],
  'window functions of every frame': (c) => [
    `SELECT x, sum(x) OVER (ORDER BY x ${c.pick(['ROWS', 'RANGE', 'GROUPS'])} BETWEEN 1 PRECEDING AND 1 FOLLOWING ${c.pick(['EXCLUDE CURRENT ROW', 'EXCLUDE GROUP', 'EXCLUDE TIES', 'EXCLUDE NO OTHERS'])}), percent_rank() OVER w, cume_dist() OVER w, nth_value(x, 2) OVER w, last_value(x) OVER (ORDER BY x RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), lead(x, 2, 'none') OVER w, count(*) FILTER (WHERE x > 2) OVER (PARTITION BY x % 2), group_concat(x) OVER (ORDER BY x ROWS UNBOUNDED PRECEDING) FROM (SELECT column1 AS x FROM (VALUES (1), (2), (2), (3), (5), (8))) WINDOW w AS (ORDER BY x) ORDER BY x, 2`,
  ],
  'CTEs that recurse over two ends': (c) => [
    `WITH RECURSIVE edge(a, b) AS (VALUES (1, 2), (2, 3), (3, 1), (3, 4)), walk(n, path) AS (SELECT ${c.int(1, 3)}, '' UNION SELECT b, path || b FROM walk, edge WHERE a = n AND length(path) < 6 ORDER BY 2 DESC LIMIT 40) SELECT n, path FROM walk ORDER BY path, n`,
  ],
};

const sizes: Feature[] = [
  {
    name: 'create table of many columns',
    weight: 2,
    make: (c) =>
      c.catalog.has('wide')
        ? null
        : execute(`CREATE TABLE wide(${Array.from({ length: WIDE }, (_, i) => `c${i}`).join()})`),
  },
  {
    name: 'insert a wide and long row',
    weight: 2,
    make: on('wide', (c) =>
      execute(
        `INSERT INTO wide VALUES (${Array(WIDE).fill('?').join()})`,
        Array.from({ length: WIDE }, (_, i) =>
          i % 50 === 0 ? 'x'.repeat(c.int(0, 9000)) : c.value(),
        ),
      ),
    ),
  },
  {
    name: 'read wide rows',
    make: on('wide', () => query('SELECT * FROM wide ORDER BY c0, c1, c2, rowid LIMIT 2')),
  },
  {
    name: 'many rows in one statement',
    make: (c) => {
      const table = c.fresh('u');
      return batch([
        `CREATE TABLE ${table}(a INTEGER PRIMARY KEY, b TEXT UNIQUE)`,
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${c.int(500, 3000)}) INSERT INTO ${table} SELECT i, hex(i * 7919 % 10007) || '-' || i FROM n`,
        `UPDATE ${table} SET a = -a WHERE a % 3 = 0`,
        `SELECT count(*), sum(a), min(b), max(b) FROM ${table}`,
        `DROP TABLE ${table}`,
      ]);
    },
  },
  {
    name: 'many parameters',
    make: (c) => {
      const count = c.int(500, 5000);
      return query(
        `SELECT count(*), sum(column1) FROM (VALUES ${Array(count).fill('(?)').join()})`,
        Array.from({ length: count }, (_, i) => i),
      );
    },
  },
  failing('sum that overflows', () =>
    query('SELECT sum(column1) FROM (VALUES (9223372036854775807), (1))'),
  ),
  failing('too many terms in a compound select', () =>
    query(Array.from({ length: 600 }, (_, i) => `SELECT ${i}`).join(' UNION ALL ')),
  ),
  failing('too many parameters', () => query(`SELECT ?32767`)),
];

const values: Feature[] = Object.entries(reads).map(([name, make]) => ({
  name,
  make: (c) => {
    const [sql, args] = make(c);
    return c.chance(0.6) ? query(sql, args) : execute(sql, args);
  },
}));

export const EDGE_FEATURES: readonly Feature[] = [...rowids, ...texts, ...values, ...sizes];
