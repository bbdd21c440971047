import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, EngineFixture, errorOf, pagesOfLastEntry, resultsOf, write } from './fixture.ts';
import { assertChecksumFits, assertIdentical } from './scan.ts';

const leader = new EngineFixture();
leader.lead();
const SCHEMA = [
  'CREATE TABLE t(id INTEGER PRIMARY KEY, v)',
  'CREATE VIEW seen AS SELECT * FROM _paceline',
  "INSERT INTO t(v) VALUES ('a'), ('b')",
];
for (const sql of SCHEMA) resultsOf(leader.run(sql)[0]);

const ATTACH = /ATTACH is not for clients/;
const TRANSACTION = /use batch\(\)/;
const SAVEPOINT = /within transaction\(\)/;
const TEMP = /TEMP objects.*use an ordinary table/;
const OURS = /belong to Paceline: choose another/;
const VACUUM = /is not supported: later writes use the room/;

const FORBIDDEN: readonly (readonly [sql: string, message: RegExp])[] = [
  ["ATTACH ':memory:' AS other", ATTACH],
  ["ATTACH DATABASE '/tmp/x.db' AS other", ATTACH],
  ['DETACH main', /DETACH is not for clients/],
  ['PRAGMA journal_mode = DELETE', /journal_mode may be asked here, not set/],
  ['PRAGMA main.journal_mode(off)', /journal_mode may be asked/],
  ['PRAGMA synchronous = OFF', /PRAGMA synchronous is not for clients/],
  ['pragma Synchronous', /PRAGMA synchronous/],
  ['PRAGMA locking_mode = EXCLUSIVE', /PRAGMA locking_mode/],
  ['PRAGMA wal_checkpoint', /PRAGMA wal_checkpoint/],
  ['PRAGMA wal_checkpoint(TRUNCATE)', /PRAGMA wal_checkpoint/],
  ['PRAGMA wal_autocheckpoint = 1', /PRAGMA wal_autocheckpoint/],
  ['PRAGMA page_size = 512', /page_size may be asked/],
  ['PRAGMA writable_schema = ON', /PRAGMA writable_schema/],
  ['PRAGMA foreign_keys = OFF', /foreign_keys may be asked/],
  ['PRAGMA auto_vacuum = FULL', /auto_vacuum may be asked/],
  ["PRAGMA encoding = 'UTF-16'", /encoding may be asked/],
  ['PRAGMA schema_version = 7', /schema_version may be asked/],
  ['PRAGMA cache_size = 0', /PRAGMA cache_size/],
  ['PRAGMA query_only = ON', /PRAGMA query_only/],
  ['PRAGMA busy_timeout = 9', /PRAGMA busy_timeout/],
  ['PRAGMA max_page_count = 1', /PRAGMA max_page_count/],
  ['PRAGMA ignore_check_constraints = ON', /PRAGMA ignore_check_constraints/],
  ['PRAGMA recursive_triggers = ON', /PRAGMA recursive_triggers/],
  ['PRAGMA mmap_size = 0', /PRAGMA mmap_size/],
  ["SELECT load_extension('x')", /load_extension\(\) is not for clients/],
  ["INSERT INTO t(v) SELECT load_extension('x')", /load_extension/],
  ['VACUUM', VACUUM],
  ["VACUUM INTO '/tmp/x.db'", VACUUM],
  ['/* quietly */ vacuum', VACUUM],
  ['BEGIN', TRANSACTION],
  ['BEGIN IMMEDIATE', TRANSACTION],
  ['COMMIT', TRANSACTION],
  ['END', TRANSACTION],
  ['ROLLBACK', TRANSACTION],
  ['SAVEPOINT s', SAVEPOINT],
  ['RELEASE one', SAVEPOINT],
  ['ROLLBACK TO one', SAVEPOINT],
  ['CREATE TEMP TABLE x(a)', TEMP],
  ['CREATE TEMPORARY TABLE x AS SELECT 1', TEMP],
  ['CREATE TABLE temp.x(a)', TEMP],
  ['CREATE TEMP VIEW x AS SELECT 1', TEMP],
  ['CREATE TEMP TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END', TEMP],
  ['CREATE VIRTUAL TABLE temp.x USING fts5(a)', TEMP],
  ['UPDATE _paceline SET idx = 99', OURS],
  ['INSERT INTO _paceline VALUES (2, 1, 1, 1, 1, 1, 1)', OURS],
  ['REPLACE INTO _PaceLine VALUES (1, 1, 1, 1, 1, 1, 1)', OURS],
  ['DELETE FROM main._paceline', OURS],
  ['DELETE FROM _paceline_requests_0', OURS],
  ["INSERT INTO _paceline_requests_1 VALUES ('a', 1, 1, x'')", OURS],
  ['WITH n AS (SELECT 1) UPDATE _paceline SET idx = (SELECT * FROM n)', OURS],
  [
    'INSERT INTO _paceline SELECT * FROM _paceline WHERE true ON CONFLICT DO UPDATE SET idx = 1',
    OURS,
  ],
  ['DROP TABLE _paceline', OURS],
  ['DROP TABLE IF EXISTS _paceline_requests_0', OURS],
  ['ALTER TABLE _paceline RENAME TO mine', OURS],
  ['ALTER TABLE _paceline ADD COLUMN x', OURS],
  ['ALTER TABLE _paceline DROP COLUMN kept', OURS],
  ['ALTER TABLE _paceline RENAME COLUMN idx TO i', OURS],
  ['CREATE INDEX i ON _paceline(idx)', OURS],
  ['CREATE UNIQUE INDEX _paceline_i ON t(v)', OURS],
  ['CREATE TRIGGER tr AFTER UPDATE ON _paceline BEGIN SELECT 1; END', OURS],
  ['CREATE TRIGGER _paceline_tr AFTER UPDATE ON t BEGIN SELECT 1; END', OURS],
  ['CREATE TABLE _paceline_mine(a)', OURS],
  ['CREATE TABLE "_PACELINE2" AS SELECT 1', OURS],
  ['CREATE VIEW _paceline_view AS SELECT 1', OURS],
  ['CREATE VIRTUAL TABLE _paceline_docs USING fts5(a)', OURS],
  ['ALTER TABLE t RENAME TO _paceline_t', OURS],
  ['alter table t rename to "_PaceLine_requests_2"', OURS],
  ['ALTER TABLE t RENAME TO [_paceline_t]', OURS],
];

for (const [sql, message] of FORBIDDEN)
  test(`refused, and nothing changed: ${sql}`, () => {
    const { position, checksum } = leader.engine;
    const outcomes = leader.runWrites([
      write(sql),
      write(["INSERT INTO t(v) VALUES ('undone')", sql]),
    ]);
    assert.deepEqual(codes(outcomes), ['STATEMENT_FORBIDDEN', 'STATEMENT_FORBIDDEN']);
    for (const outcome of outcomes) assert.match(errorOf(outcome).message, message);
    assert.deepEqual(leader.engine.position, position);
    assert.deepEqual(leader.engine.checksum, checksum);
    assert.deepEqual(leader.all('SELECT group_concat(v) AS v FROM t'), [{ v: 'a,b' }]);
  });

const THROUGH: readonly (readonly [name: string, setup: string[], sql: string])[] = [
  [
    'a trigger',
    ['CREATE TRIGGER evil AFTER UPDATE ON t BEGIN UPDATE _paceline SET idx = 0; END'],
    "UPDATE t SET v = 'x'",
  ],
  [
    'a view with a trigger',
    [
      'CREATE VIEW v AS SELECT 1 AS a',
      'CREATE TRIGGER evil INSTEAD OF INSERT ON v BEGIN DELETE FROM _paceline_requests_0; END',
    ],
    'INSERT INTO v VALUES (1)',
  ],
  [
    'a trigger of a trigger',
    [
      'CREATE TABLE u(a)',
      'CREATE TRIGGER one AFTER INSERT ON u BEGIN UPDATE t SET v = 1; END',
      'CREATE TRIGGER evil AFTER UPDATE ON t BEGIN DELETE FROM _paceline; END',
    ],
    'INSERT INTO u VALUES (1)',
  ],
];

for (const [name, setup, sql] of THROUGH)
  test(`Paceline’s tables are not reached through ${name}`, () => {
    const other = new EngineFixture();
    other.lead();
    for (const statement of [...SCHEMA, ...setup]) resultsOf(other.run(statement)[0]);
    const [outcome, after] = other.run(sql, "INSERT INTO t(v) VALUES ('fine')");
    assert.equal(errorOf(outcome).code, 'STATEMENT_FORBIDDEN');
    assert.match(errorOf(outcome).message, OURS);
    resultsOf(after);
    const follower = new EngineFixture();
    follower.follow(other);
    assertIdentical(other, follower);
  });

test('a foreign key on Paceline’s tables cannot make it delete anything', () => {
  const outcomes = leader.run(
    'CREATE TABLE child(a REFERENCES _paceline(id) ON DELETE CASCADE)',
    'INSERT INTO child VALUES (1)',
    'DROP TABLE child',
  );
  assert.deepEqual(codes(outcomes), ['ok', 'ok', 'ok']);
});

test('Paceline’s tables may be read, also through views and CTEs', () => {
  for (const sql of [
    'SELECT idx FROM _paceline',
    'SELECT idx FROM seen',
    'WITH p AS (SELECT * FROM _paceline) SELECT idx FROM p',
    'SELECT count(*) FROM _paceline_requests_0',
    "SELECT sql FROM sqlite_schema WHERE name = '_paceline'",
  ])
    assert.equal(resultsOf(leader.run(sql)[0])[0]!.rows.length, 1, sql);
});

const ASKED: readonly (readonly [sql: string, first: unknown])[] = [
  ['PRAGMA journal_mode', 'wal'],
  ['PRAGMA page_size', 4096],
  ['PRAGMA foreign_keys', 1],
  ['PRAGMA encoding', 'UTF-8'],
  ['PRAGMA auto_vacuum', 0],
  ['PRAGMA integrity_check', 'ok'],
  ['PRAGMA integrity_check(t)', 'ok'],
  ['PRAGMA quick_check(10)', 'ok'],
  ['PRAGMA table_info(t)', 0],
  ['PRAGMA table_xinfo(t)', 0],
  ['PRAGMA table_list', 'main'],
  ['PRAGMA table_list(t)', 'main'],
  ['PRAGMA foreign_key_list(t)', undefined],
  ['PRAGMA foreign_key_check', undefined],
  ['PRAGMA foreign_key_check(t)', undefined],
  ['PRAGMA index_list(t)', undefined],
  ['PRAGMA user_version', 0],
  ["SELECT name FROM pragma_table_info('t') WHERE pk = 1", 'id'],
];

for (const [sql, first] of ASKED)
  test(`asking changes nothing and gives an answer: ${sql}`, () => {
    const [outcome] = leader.run(sql);
    assert.equal(resultsOf(outcome)[0]!.rows[0]?.[0], first);
    assert.equal(pagesOfLastEntry(leader).length, 1, 'the page of the position');
  });

test('pragmas that are kept in the file are set and replicated', () => {
  const other = new EngineFixture();
  other.lead();
  other.run('PRAGMA user_version = 7', 'PRAGMA application_id(9)');
  const follower = new EngineFixture();
  follower.follow(other);
  assert.deepEqual(follower.all('PRAGMA user_version'), [{ user_version: 7 }]);
  assert.deepEqual(follower.all('PRAGMA application_id'), [{ application_id: 9 }]);
  assertIdentical(other, follower);
});

test('EXPLAIN works and changes nothing', () => {
  const outcomes = leader.run(
    'EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = 1',
    'EXPLAIN INSERT INTO t(v) VALUES (1)',
    'EXPLAIN DELETE FROM t',
  );
  for (const outcome of outcomes) assert.ok(resultsOf(outcome)[0]!.rows.length > 0);
  assert.equal(pagesOfLastEntry(leader).length, 1, 'the page of the position');
  assertChecksumFits(leader);
});
