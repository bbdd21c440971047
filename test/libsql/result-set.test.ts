import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Client, createClient, type InStatement, type ResultSet } from '@libsql/client';
import type { LocalDatabase } from '../../src/api/database.ts';
import { libsqlClient } from '../../src/libsql/client.ts';
import { Local } from '../member/fixture.ts';

// The same statements through libSQL's own client on a file, and through ours.
const local = new Local({ after });
const dir = mkdtempSync(join(tmpdir(), 'paceline-libsql-'));
let ours: Client;
let theirs: Client;

before(async () => {
  ours = libsqlClient((await local.open()) as LocalDatabase);
  theirs = createClient({ url: `file:${join(dir, 'theirs.db')}` });
});

after(() => {
  theirs.close();
  rmSync(dir, { recursive: true, force: true });
});

const STATEMENTS: InStatement[] = [
  'CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT UNIQUE NOT NULL, size REAL CHECK(size > 0), data BLOB)',
  "INSERT INTO t VALUES (1, 'one', 1.5, x'0102'), (2, 'two', 2, NULL)",
  { sql: 'INSERT INTO t(name) VALUES (?)', args: ['three'] },
  { sql: 'INSERT INTO t(name, size) VALUES (:name, @size)', args: { name: 'four', size: 4.25 } },
  {
    sql: 'INSERT INTO t(name, data) VALUES ($n, $d)',
    args: { $n: 'five', ':d': new ArrayBuffer(3) },
  },
  'SELECT * FROM t ORDER BY id;',
  'SELECT t.id, u.id, count(*) AS n FROM t JOIN t AS u USING(id) WHERE id > 9',
  'SELECT id, name AS id, 1 AS "0", 2 AS length FROM t LIMIT 2',
  { sql: 'SELECT ? AS t, ? AS f, ? AS d, ? AS n', args: [true, false, new Date(12), null] },
  { sql: 'UPDATE t SET size = 9.5 WHERE id > ?', args: [1] },
  'UPDATE t SET size = 9.5 WHERE id > 100',
  'DELETE FROM t WHERE id = 5',
  'WITH x AS (SELECT 1 AS one) SELECT * FROM x -- a comment',
  'VALUES (1, 2), (3, 4)',
  `SELECT 1 AS "__proto__", 2 AS "", 3 AS "constructor", 4 AS "hasOwnProperty", x'00' AS b`,
  `SELECT 1 AS "", 2 AS "constructor", 3 AS "hasOwnProperty", 4 AS "a.b"`,
  'SELECT zeroblob(0) AS empty, hex(data) FROM t WHERE id = 1',
  "SELECT name FROM pragma_table_info('t')",
  'CREATE TABLE w(k TEXT PRIMARY KEY) WITHOUT ROWID',
];

/** All that a tool can see of it. */
function seen(result: ResultSet) {
  const { columns, columnTypes, rowsAffected, rows } = result;
  return {
    ...{ columns, columnTypes, rowsAffected, rows },
    numbered: rows.map((row) => Array.from(row as ArrayLike<unknown>)),
    keys: rows.map((row) => Object.keys(row)),
    json: JSON.parse(JSON.stringify({ ...(result.toJSON() as object), lastInsertRowid: null })),
  };
}

test('results look as those of libSQL’s own client do', async () => {
  for (const statement of STATEMENTS) {
    const what = typeof statement === 'string' ? statement : statement.sql;
    const [mine, its] = [await ours.execute(statement), await theirs.execute(statement)];
    assert.deepEqual(seen(mine), seen(its), what);
    if (what.startsWith('INSERT')) assert.equal(mine.lastInsertRowid, its.lastInsertRowid, what);
  }
});

const FAILING: InStatement[] = [
  "INSERT INTO t(name) VALUES ('one')",
  "INSERT INTO t(id, name) VALUES (1, 'other')",
  'INSERT INTO t(name) VALUES (NULL)',
  "INSERT INTO t(name, size) VALUES ('small', -1)",
  "INSERT INTO t(id, name) VALUES ('x', 'other')",
  'SELECT * FROM nowhere',
  'SELEC 1',
];

test('errors bear the codes and words of libSQL’s own', async () => {
  for (const statement of FAILING) {
    const [mine, its] = await Promise.all([errorOf(ours, statement), errorOf(theirs, statement)]);
    assert.deepEqual(mine, its, String(statement));
  }
});

async function errorOf(client: Client, statement: InStatement) {
  const error = await client.execute(statement).then(
    () => assert.fail(`${statement} did not fail`),
    (thrown: { code: string; extendedCode: string; rawCode: number; message: string }) => thrown,
  );
  const { code, extendedCode, rawCode, message } = error;
  return { code, extendedCode, rawCode, message };
}
