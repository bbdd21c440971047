import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineFixture, errorOf, resultsOf, write } from './fixture.ts';

function leading(...schema: string[]): EngineFixture {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of [
    'CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)',
    'CREATE TABLE lines(o INT, n INT, PRIMARY KEY(o, n)) WITHOUT ROWID',
    ...schema,
  ])
    resultsOf(leader.run(sql)[0]);
  return leader;
}

function batch(leader: EngineFixture, ...statements: string[]) {
  return resultsOf(leader.runWrites([write(statements)])[0]);
}

const FIRST = "INSERT INTO t VALUES (41, 'forty-one')";

test('last_insert_rowid() in a batch is that of its own last insert, whatever came after', () => {
  const leader = leading();
  const [, , , , last] = batch(
    leader,
    FIRST,
    'INSERT INTO lines VALUES (last_insert_rowid(), 1), (last_insert_rowid(), 2)',
    'INSERT INTO lines VALUES (last_insert_rowid(), 2) ON CONFLICT DO NOTHING',
    "INSERT INTO t(id, v) VALUES (1, 'forty-one') ON CONFLICT DO NOTHING",
    'SELECT last_insert_rowid(), changes()',
  );
  assert.deepEqual(last!.rows, [[41, 0]]);
  assert.deepEqual(leader.all('SELECT * FROM lines'), [
    { o: 41, n: 1 },
    { o: 41, n: 2 },
  ]);
});

test('a call never sees the rowid that another inserted, not in its SQL, a trigger or a view', () => {
  const leader = leading(
    'CREATE TABLE seen(x)',
    'CREATE VIEW v AS SELECT v FROM t',
    'CREATE TRIGGER on_v INSTEAD OF INSERT ON v BEGIN INSERT INTO seen VALUES (NEW.v); END',
    'CREATE TRIGGER on_t BEFORE UPDATE ON t BEGIN INSERT INTO seen VALUES (last_insert_rowid()); END',
  );
  leader.run(FIRST);
  const [asked, viewed] = leader.run('SELECT last_insert_rowid()', "INSERT INTO v VALUES ('x')");
  assert.deepEqual(resultsOf(asked)[0]!.rows, [[0]]);
  assert.equal(resultsOf(viewed)[0]!.lastInsertRowid, 0);
  leader.run("INSERT INTO t VALUES (42, 'other')", "UPDATE t SET v = 'y' WHERE id = 41");
  assert.deepEqual(leader.all('SELECT x FROM seen'), [{ x: 'x' }, { x: 0 }]);
});

test('a statement with rows that fails has the code that it would have without', () => {
  const leader = leading(
    FIRST,
    "CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.v = 'no' BEGIN SELECT RAISE(ABORT, 'refused'); END",
    "CREATE TRIGGER h BEFORE INSERT ON t WHEN NEW.v = 'gone' BEGIN SELECT RAISE(ROLLBACK, 'all gone'); END",
    'CREATE TABLE s(n INT) STRICT',
  );
  const failing = [
    "INSERT INTO t VALUES (41, 'again')",
    "INSERT INTO t(v) VALUES ('no')",
    "INSERT INTO t(v) VALUES ('gone')",
    "INSERT INTO s VALUES ('word')",
  ];
  for (const sql of failing) {
    const [plain, returning] = leader.run(sql, `${sql} RETURNING 1`);
    assert.deepEqual(errorOf(returning), errorOf(plain), sql);
    const [, inBatch] = leader.runWrites([
      write('SELECT 1'),
      write(['SELECT 1', `${sql} RETURNING 1`]),
    ]);
    assert.deepEqual(errorOf(inBatch), { ...errorOf(plain), statementIndex: 1 }, sql);
  }
  assert.deepEqual(leader.all('SELECT count(*) AS n FROM t'), [{ n: 1 }]);
});
