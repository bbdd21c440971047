import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SqlArgs } from '../../src/api/value.ts';
import { Reader } from '../../src/sqlite/reader.ts';
import { EngineFixture, resultsOf } from './fixture.ts';

function opened(): { leader: EngineFixture; query: (sql: string, args?: SqlArgs) => unknown } {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of [
    'CREATE TABLE t(id INTEGER PRIMARY KEY, v)',
    "INSERT INTO t(v) VALUES ('a'), ('b')",
  ])
    resultsOf(leader.run(sql)[0]);
  const reader = new Reader(leader.path, 10_000);
  const query = (sql: string, args?: SqlArgs) =>
    reader.query(sql, args, leader.engine.schemaCookie).rows;
  return { leader, query };
}

test('reads see each commit at once, and new columns after a change of schema', () => {
  const { leader, query } = opened();
  const reader = new Reader(leader.path, 10_000);
  const all = () =>
    reader.query('SELECT * FROM t WHERE id = 1', undefined, leader.engine.schemaCookie);
  assert.deepEqual(all(), { columns: ['id', 'v'], rows: [[1, 'a']] });
  leader.run("ALTER TABLE t ADD COLUMN w DEFAULT 'w'", "UPDATE t SET v = 'A'");
  assert.deepEqual(all(), { columns: ['id', 'v', 'w'], rows: [[1, 'A', 'w']] });
  assert.deepEqual(query('SELECT count(*) FROM t'), [[2]]);
});

test('a statement that writes is refused, whatever it is', () => {
  const { leader, query } = opened();
  for (const sql of [
    'INSERT INTO t(v) VALUES (1)',
    'UPDATE t SET v = 1 RETURNING v',
    'DELETE FROM t',
    'CREATE TABLE u(a)',
    'DROP TABLE t',
    'ANALYZE',
    'REINDEX',
    'PRAGMA user_version = 2',
    'PRAGMA incremental_vacuum',
    'PRAGMA optimize',
    'ALTER TABLE t RENAME TO u',
  ])
    assert.throws(() => query(sql), { code: 'READ_ONLY', message: /execute\(\)/ }, sql);
  for (const sql of [
    "ATTACH ':memory:' AS x",
    'PRAGMA journal_mode = DELETE',
    'VACUUM',
    'BEGIN',
    'CREATE TEMP TABLE x(a)',
  ])
    assert.throws(() => query(sql), { code: 'STATEMENT_FORBIDDEN' }, sql);
  assert.deepEqual(query('SELECT count(*) FROM t'), [[2]]);
  assert.equal(leader.engine.position.index, 3);
});

test('pragmas that only ask, and EXPLAIN, work', () => {
  const { query } = opened();
  assert.deepEqual(query('PRAGMA table_info(t)'), [
    [0, 'id', 'INTEGER', 0, null, 1],
    [1, 'v', '', 0, null, 0],
  ]);
  assert.deepEqual(query('PRAGMA foreign_key_check(t)'), []);
  assert.deepEqual(query('PRAGMA integrity_check'), [['ok']]);
  assert.ok((query('EXPLAIN DELETE FROM t') as unknown[]).length > 0);
});

test('the least integer is told from the REAL of that value, however it is read', () => {
  const { leader } = opened();
  const reader = new Reader(leader.path, 10_000);
  const schema = leader.engine.schemaCookie;
  for (const sql of [
    'SELECT ?1, 1, ?2',
    'SELECT -9223372036854775808, 1, -9223372036854775808.0',
  ]) {
    const args = sql.includes('?') ? [-(2n ** 63n), -(2 ** 63)] : [];
    const expected = [-(2n ** 63n), 1, -(2 ** 63)];
    assert.deepEqual(reader.first(sql, args, schema).row, expected);
    assert.deepEqual([...reader.iterate(sql, args, schema)], [expected]);
    const again = new Reader(leader.path, 10_000);
    assert.deepEqual(again.query(sql, args, schema).rows, [expected]);
    again.close();
  }
  reader.close();
});

test('integers of 64 bits are read without loss, in the middle of a result, too', () => {
  const { query } = opened();
  const sql = 'SELECT column1 FROM (VALUES (1), (9223372036854775807), (?))';
  for (let i = 0; i < 3; i++) assert.deepEqual(query(sql, [i]), [[1], [9223372036854775807n], [i]]);
});

test('a result over the limit is refused, and the next one is given', () => {
  const { query } = opened();
  const sql = 'SELECT zeroblob(?) FROM (VALUES (1), (2))';
  for (let i = 0; i < 3; i++) {
    assert.throws(() => query(sql, [6000]), { code: 'RESULT_TOO_LARGE' });
    assert.equal((query(sql, [10]) as unknown[]).length, 2);
  }
});

test('a read that failed does not make the next one fail, nor keeps its snapshot', () => {
  const { leader, query } = opened();
  const sql = "SELECT CASE ? WHEN 1 THEN json('{') ELSE (SELECT count(*) FROM t) END FROM t";
  for (let i = 0; i < 3; i++) {
    assert.throws(() => query(sql, [1]), { code: 'SQL', message: /malformed JSON/ });
    leader.run('INSERT INTO t(v) VALUES (1)');
    assert.deepEqual((query(sql, [0]) as unknown[])[0], [3 + i]);
    leader.checkpoint();
  }
});

test('SQLite’s words and code are kept', () => {
  const { query } = opened();
  assert.throws(() => query('SELECT * FROM nowhere'), {
    code: 'SQL',
    message: 'no such table: nowhere',
    sqlite: { code: 'SQLITE_ERROR', errcode: 1 },
  });
  assert.throws(() => query('SELECT abs(-9223372036854775808)'), {
    code: 'SQL',
    message: /integer overflow/,
  });
});

test('a virtual table that was not used before can be read', () => {
  const { leader, query } = opened();
  leader.run(
    'CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1)',
    'INSERT INTO boxes VALUES (1, 2, 3)',
  );
  assert.deepEqual(query('SELECT id FROM boxes WHERE x0 < 5'), [[1]]);
  assert.throws(() => query('DELETE FROM boxes'), { code: 'READ_ONLY' });
  leader.run('CREATE TABLE other(x)');
  assert.deepEqual(query('SELECT count(*) FROM boxes'), [[1]]);
});

test('an error has the number that SQLite gives it', () => {
  const { query } = opened();
  for (let again = 0; again < 3; again++)
    assert.throws(() => query('SELECT zeroblob(2000000000)'), {
      sqlite: { code: 'SQLITE_TOOBIG', errcode: 18 },
    });
});
