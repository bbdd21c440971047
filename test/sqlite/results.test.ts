import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SqlValue } from '../../src/api/value.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { codes, EngineFixture, resultsOf, write } from './fixture.ts';
import { assertIdentical } from './scan.ts';

function leading(...schema: string[]): EngineFixture {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of ['CREATE TABLE t(id INTEGER PRIMARY KEY, v)', ...schema])
    resultsOf(leader.run(sql)[0]);
  return leader;
}

function counted(leader: EngineFixture, ...sql: string[]): [number, number | bigint][] {
  return leader.run(...sql).map((outcome) => {
    const { changes, lastInsertRowid } = resultsOf(outcome)[0]!;
    return [changes, lastInsertRowid];
  });
}

test('RETURNING gives the rows with the names of their columns', () => {
  const leader = leading();
  const [inserted, updated, deleted] = leader.run(
    "INSERT INTO t(v) VALUES ('a'), ('b') RETURNING id AS number, v || '!' AS v",
    'UPDATE t SET v = upper(v) RETURNING v',
    'DELETE FROM t WHERE id = 1 RETURNING id',
  );
  assert.deepEqual(resultsOf(inserted), [
    {
      columns: ['number', 'v'],
      rows: [
        [1, 'a!'],
        [2, 'b!'],
      ],
      changes: 2,
      lastInsertRowid: 2,
    },
  ]);
  assert.deepEqual(resultsOf(updated)[0]!.rows, [['A'], ['B']]);
  assert.deepEqual(resultsOf(deleted)[0]!.rows, [[1]]);
});

test('changes and lastInsertRowid are those of the statement itself', () => {
  const leader = leading('CREATE TABLE plain(v)');
  assert.deepEqual(
    counted(
      leader,
      "INSERT INTO t(id, v) VALUES (40, 'a'), (41, 'b'), (42, 'c')",
      'UPDATE t SET v = 1 WHERE id > 40',
      'SELECT 1',
      'DELETE FROM t WHERE id = 40',
      'CREATE TABLE u(a)',
      'INSERT INTO plain VALUES (1)',
      'INSERT INTO t(v) SELECT 1 WHERE 0',
      'INSERT OR IGNORE INTO t(id) VALUES (41)',
    ),
    [
      [3, 42],
      [2, 0],
      [0, 0],
      [1, 0],
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ],
  );
});

/** What each does has nothing to do with the insert of another client before it. */
const LEAKS: readonly (readonly [sql: string, changes: number, lastInsertRowid: number])[] = [
  ['INSERT INTO keyed VALUES (1)', 1, 0],
  ["INSERT INTO t(id, v) VALUES (1, 'x') ON CONFLICT(id) DO UPDATE SET v = excluded.v", 1, 0],
  ["UPDATE audited SET v = 'y'", 1, 0],
  ['DELETE FROM audited', 1, 0],
  ['EXPLAIN INSERT INTO t(v) VALUES (1)', 0, 0],
  ['EXPLAIN QUERY PLAN DELETE FROM t', 0, 0],
  ['ANALYZE', 0, 0],
  ['ALTER TABLE t RENAME COLUMN v TO w', 0, 0],
  ['ALTER TABLE t ADD COLUMN x', 0, 0],
  ['DROP TABLE numbered', 0, 0],
  ['CREATE VIRTUAL TABLE docs USING fts5(a)', 0, 0],
  ['CREATE TABLE made(a)', 0, 0],
  ['PRAGMA user_version = 7', 0, 0],
  ['SELECT * FROM t', 0, 0],
];

for (const [sql, changes, lastInsertRowid] of LEAKS)
  test(`no count of another client’s statement shows in: ${sql}`, () => {
    const leader = leading(
      'CREATE TABLE keyed(k PRIMARY KEY) WITHOUT ROWID',
      'CREATE TABLE audited(v)',
      'CREATE TABLE audit(v)',
      'CREATE TRIGGER au AFTER UPDATE ON audited BEGIN INSERT INTO audit VALUES (1); END',
      'CREATE TRIGGER ad AFTER DELETE ON audited BEGIN INSERT INTO audit VALUES (1); END',
      'CREATE TABLE numbered(a INTEGER PRIMARY KEY AUTOINCREMENT)',
      'INSERT INTO numbered VALUES (5)',
      "INSERT INTO audited VALUES ('x')",
      "INSERT INTO t(id, v) VALUES (1, 'one')",
    );
    const [, outcome] = leader.run('INSERT INTO t(id) VALUES (1234), (1235)', sql);
    const result = resultsOf(outcome)[0]!;
    assert.deepEqual(
      { changes: result.changes, lastInsertRowid: result.lastInsertRowid },
      { changes, lastInsertRowid },
    );
  });

test('an upsert that inserts says which row it made', () => {
  const leader = leading();
  const upsert = (id: number) =>
    `INSERT INTO t(id, v) VALUES (${id}, 1) ON CONFLICT(id) DO UPDATE SET v = 2`;
  assert.deepEqual(counted(leader, upsert(9), upsert(9), upsert(10)), [
    [1, 9],
    [1, 0],
    [1, 10],
  ]);
});

test('the largest rowid is told without loss', () => {
  const leader = leading();
  assert.deepEqual(counted(leader, 'INSERT INTO t(id) VALUES (9223372036854775807)'), [
    [1, 9223372036854775807n],
  ]);
});

const VALUES: readonly SqlValue[] = [
  null,
  0,
  -0,
  1,
  -1,
  0.1,
  5e-324,
  1.7976931348623157e308,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.MAX_SAFE_INTEGER,
  Number.MIN_SAFE_INTEGER,
  2 ** 53,
  9007199254740992n,
  -9007199254740992n,
  9223372036854775807n,
  -9223372036854775808n,
  '',
  'naïve 🚴 \u{10ffff} \ufeff',
  'quo\'te"s\n',
  new Uint8Array(),
  new Uint8Array([0, 1, 255]),
  new Uint8Array(100_000).fill(7),
];

test('values come back as they went in, in every way out', () => {
  const leader = leading('CREATE TABLE untyped(n INTEGER PRIMARY KEY, v)');
  for (const [n, value] of VALUES.entries()) {
    const outcomes = leader.run(
      ['INSERT INTO untyped VALUES (?, ?) RETURNING v', [n, value]],
      ['SELECT v FROM untyped WHERE n = ?', [n]],
      ['SELECT v FROM untyped WHERE n = :n', { n }],
    );
    for (const outcome of outcomes)
      assert.deepEqual(resultsOf(outcome)[0]!.rows, [[value]], `value ${n}`);
  }
});

test('any value comes back as it went in, also through the answer that is kept for its id', () => {
  const leader = leading();
  const value = fc.oneof(
    fc.constant(null),
    fc.double({ noNaN: true }),
    fc.maxSafeInteger(),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n)),
    fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', '')),
    fc.uint8Array(),
  );
  let id = 0;
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), (values) => {
      const sql = `SELECT ${values.map(() => '?').join(', ')}`;
      const asked = { statements: [{ sql, args: values }], id: `id ${id++}` };
      const [first, retry] = leader.runWrites([asked, asked]);
      assert.deepEqual(resultsOf(first)[0]!.rows, [values]);
      assert.deepEqual(resultsOf(retry)[0]!.rows, [values]);
    }),
    { numRuns: 300 },
  );
});

test('whole numbers are stored as INTEGER, others as REAL', () => {
  const leader = leading();
  const [outcome] = leader.run(['SELECT typeof(?), typeof(?), typeof(?)', [1, 1.5, 2n ** 60n]]);
  assert.deepEqual(resultsOf(outcome)[0]!.rows, [['integer', 'real', 'integer']]);
});

test('a result over the limit is refused and its statement undone', () => {
  const leader = leading();
  leader.run('INSERT INTO t(v) VALUES (1)');
  const outcomes = leader.runWrites([
    write('INSERT INTO t(v) VALUES (2)'),
    write('INSERT INTO t(v) SELECT randomblob(600000) FROM (VALUES (1), (2)) RETURNING v'),
    write(['INSERT INTO t(v) VALUES (3)', 'SELECT randomblob(1100000)']),
    write('SELECT randomblob(1100000)'),
    write('INSERT INTO t(v) VALUES (4)'),
  ]);
  assert.deepEqual(codes(outcomes), [
    'ok',
    'RESULT_TOO_LARGE',
    'RESULT_TOO_LARGE',
    'RESULT_TOO_LARGE',
    'ok',
  ]);
  assert.deepEqual(leader.all('SELECT v FROM t'), [{ v: 1 }, { v: 2 }, { v: 4 }]);
  const follower = new EngineFixture();
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('text with a NUL, which the binding would cut off, is refused, not cut', () => {
  const leader = leading();
  const whole = new DatabaseSync(':memory:').prepare('SELECT hex(?) AS hex').get('a\0b') as {
    hex: string;
  };
  const outcomes = leader.run(
    ['INSERT INTO t(v) VALUES (?)', ['a\0b']],
    ['INSERT INTO t(v) VALUES (:v)', { v: '\0' }],
  );
  const expected = whole.hex === '610062' ? 'ok' : 'ARGUMENTS_INVALID';
  assert.deepEqual(codes(outcomes), [expected, expected]);
  assert.deepEqual(codes(leader.run('SELECT 1\0; DROP TABLE t', "SELECT 'a\0'")), [
    'REQUEST_INVALID',
    'REQUEST_INVALID',
  ]);
});

test('numbers close to zero stay what they are, by position and by name', () => {
  const leader = leading();
  const tiny = fc.oneof(
    fc.constantFrom(-0, 5e-324, 2 ** -53, 2 ** -52, -(2 ** -60), 2.2250738585072014e-308),
    fc.double({ min: 0, max: 2 ** -52, noNaN: true }),
    fc.double({ noNaN: true }),
  );
  fc.assert(
    fc.property(tiny, tiny, (a, b) => {
      const outcomes = leader.run(
        ["SELECT ?, '?', ?, typeof(?1)", [a, b]],
        ['SELECT ?2, 0, ?1, typeof(?2)', [b, a]],
        ["SELECT :a, ':a', $b, typeof(:a)", { a, $b: b }],
      );
      const kind = Number.isSafeInteger(a) && !Object.is(a, -0) ? 'integer' : 'real';
      assert.deepEqual(
        outcomes.map((outcome) => resultsOf(outcome)[0]!.rows[0]!.filter((_, i) => i !== 1)),
        [1, 2, 3].map(() => [a, b, kind]),
      );
    }),
    { numRuns: 1000 },
  );
});
