import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { codes, EngineFixture, errorOf, pagesOfLastEntry, resultsOf, write } from './fixture.ts';
import { assertChecksumFits, assertIdentical, copyFiles } from './scan.ts';

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
const ROWS_OF_OURS = /is Paceline’s own and may only be read: use a table of yours/;
const TRIGGER =
  /^trigger "evil" would write to a table, but "_paceline[a-z0-9_]*" is Paceline’s own/i;
const KEY = /would have a foreign key on "_paceline[a-z0-9_]*", which is Paceline’s own: leave/i;
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
  ['UPDATE _paceline SET idx = 99', ROWS_OF_OURS],
  ['INSERT INTO _paceline VALUES (2, 1, 1, 1, 1, 1, 1)', ROWS_OF_OURS],
  ['REPLACE INTO _PaceLine VALUES (1, 1, 1, 1, 1, 1, 1)', ROWS_OF_OURS],
  ['DELETE FROM main._paceline', ROWS_OF_OURS],
  ['DELETE FROM _paceline_requests_0', ROWS_OF_OURS],
  ["INSERT INTO _paceline_requests_1 VALUES ('a', 1, 1, x'')", ROWS_OF_OURS],
  ['WITH n AS (SELECT 1) UPDATE _paceline SET idx = (SELECT * FROM n)', ROWS_OF_OURS],
  [
    'INSERT INTO _paceline SELECT * FROM _paceline WHERE true ON CONFLICT DO UPDATE SET idx = 1',
    ROWS_OF_OURS,
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
  ['CREATE TRIGGER evil AFTER UPDATE ON t BEGIN UPDATE _paceline SET idx = 0; END', TRIGGER],
  ['CREATE TRIGGER evil BEFORE INSERT ON t BEGIN DELETE FROM "_PaceLine"; END', TRIGGER],
  [
    "CREATE TRIGGER evil AFTER DELETE ON t BEGIN INSERT INTO _paceline_requests_1 VALUES ('a', 1, 1, x''); END",
    TRIGGER,
  ],
  [
    'CREATE TRIGGER evil AFTER UPDATE OF v ON t WHEN new.v > 1 BEGIN SELECT 1; REPLACE INTO _paceline VALUES (1, 1, 1, 1, 1, 1, 1); END',
    TRIGGER,
  ],
  [
    'CREATE TRIGGER evil INSTEAD OF INSERT ON seen BEGIN DELETE FROM _paceline_requests_0; END',
    TRIGGER,
  ],
  ['CREATE TRIGGER evil INSTEAD OF UPDATE ON seen BEGIN DELETE FROM [_paceline]; END', TRIGGER],
  ['CREATE TRIGGER evil INSTEAD OF DELETE ON seen BEGIN DELETE FROM _paceline; END', TRIGGER],
  [
    'CREATE TRIGGER evil AFTER INSERT ON t BEGIN DELETE FROM not_there; DELETE FROM _paceline; END',
    /cannot be told whether it would write to that \(no such table: main.not_there\): mend/,
  ],
  [
    "CREATE TRIGGER evil AFTER INSERT ON t BEGIN SELECT load_extension('x'); END",
    /load_extension\(\) is not for clients/,
  ],
  ['CREATE TABLE child(a REFERENCES _paceline(id) ON DELETE CASCADE)', KEY],
  ['CREATE TABLE child(a, FOREIGN KEY (a) REFERENCES "_Paceline_requests_0")', KEY],
  ['ALTER TABLE t ADD COLUMN p REFERENCES _paceline_requests_1(id)', KEY],
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

/** Statements of a database that was made before such triggers were refused, by a client of SQLite. */
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

/** The file of a member's database in which `setup` was made without being looked at. */
function fileWith(setup: readonly string[]): Uint8Array {
  const other = new EngineFixture();
  other.lead();
  for (const sql of SCHEMA) resultsOf(other.run(sql)[0]);
  other.checkpoint();
  const path = copyFiles(other.path);
  const db = new DatabaseSync(path);
  for (const sql of setup) db.exec(sql);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return readFileSync(path);
}

for (const [name, setup, sql] of THROUGH)
  test(`Paceline’s tables are not reached through ${name} that is there already`, () => {
    const file = fileWith(setup);
    const other = new EngineFixture({ file });
    other.lead();
    const [outcome, after] = other.run(sql, "INSERT INTO t(v) VALUES ('fine')");
    assert.equal(errorOf(outcome).code, 'STATEMENT_FORBIDDEN');
    assert.match(errorOf(outcome).message, TRIGGER);
    resultsOf(after);
    for (const mended of ['CREATE TABLE more(a)', 'DROP TRIGGER evil'])
      resultsOf(other.run(mended)[0]);
    const follower = new EngineFixture({ file });
    follower.follow(other);
    assertIdentical(other, follower);
  });

const READING = [
  'CREATE TABLE seen_at(idx)',
  'CREATE TRIGGER reads AFTER INSERT ON t BEGIN INSERT INTO seen_at SELECT idx FROM _paceline; END',
  "CREATE TRIGGER says INSTEAD OF UPDATE ON seen BEGIN INSERT INTO seen_at VALUES ('DELETE FROM _paceline'); END",
  'CREATE TRIGGER later AFTER INSERT ON t WHEN new.v IS NULL BEGIN DELETE FROM not_there; END',
  'DROP TRIGGER later',
  "INSERT INTO t(v) VALUES ('c')",
  'UPDATE seen SET idx = 1',
  'ALTER TABLE seen_at RENAME TO seen_when',
  'ALTER TABLE t RENAME COLUMN v TO w',
];

test('triggers may read Paceline’s tables, and what refers to those may be altered', () => {
  const other = new EngineFixture({ file: fileWith([]) });
  other.lead();
  for (const sql of READING) resultsOf(other.run(sql)[0]);
  assert.deepEqual(other.all('SELECT count(*) AS n FROM seen_when'), [{ n: 2 }]);
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
