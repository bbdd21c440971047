import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, EngineFixture, errorOf, resultsOf, write } from './fixture.ts';
import { assertChecksumFits, assertIdentical } from './scan.ts';

function leading(...schema: string[]): EngineFixture {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of ['CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)', ...schema])
    resultsOf(leader.run(sql)[0]);
  return leader;
}

/** A follower that has everything must be the same. */
function assertReplicated(leader: EngineFixture): void {
  const follower = new EngineFixture();
  follower.follow(leader);
  assertIdentical(leader, follower);
}

function values(leader: EngineFixture, table = 't'): unknown[] {
  const rows = leader.all(`SELECT v FROM ${table} ORDER BY rowid`);
  return rows.map((row) => (row as { v: unknown }).v);
}

test('many writes become one SQLite commit, one entry, one position', () => {
  const leader = leading();
  const before = leader.log.length;
  const inserts = Array.from({ length: 300 }, (_, i) =>
    write(['INSERT INTO t(v) VALUES (?)', [i]]),
  );
  const outcomes = leader.runWrites(inserts);
  assert.equal(leader.log.length, before + 1);
  assert.equal(outcomes.length, 300);
  for (const outcome of outcomes)
    assert.deepEqual('position' in outcome && outcome.position, leader.engine.position);
  assertReplicated(leader);
});

test('a failing statement in a batch does not disturb the others', () => {
  const leader = leading();
  const outcomes = leader.run(
    ['INSERT INTO t(v) VALUES (?)', ['a']],
    ['INSERT INTO t(v) VALUES (?)', ['a']],
    'INSERT INTO nowhere VALUES (1)',
    'INSERT INTO t(v) VALUES (',
    ['INSERT INTO t(v) VALUES (?)', ['b']],
    ['INSERT INTO t(v) VALUES (?), (?), (?)', ['c', 'd', 'a']],
    ['INSERT INTO t(v) VALUES (?)', ['e']],
  );
  assert.deepEqual(codes(outcomes), ['ok', 'SQL', 'SQL', 'SQL', 'ok', 'SQL', 'ok']);
  assert.deepEqual(values(leader), ['a', 'b', 'e']);
  assert.deepEqual(errorOf(outcomes[1]).sqlite, { code: 'SQLITE_CONSTRAINT', errcode: 2067 });
  assert.match(errorOf(outcomes[1]).message, /UNIQUE constraint failed: t\.v/);
  assert.match(errorOf(outcomes[2]).message, /no such table: nowhere/);
  assertReplicated(leader);
});

test('a transaction of several statements is undone as a whole if one of them fails', () => {
  const leader = leading();
  const outcomes = leader.runWrites([
    write(["INSERT INTO t(v) VALUES ('a')", "INSERT INTO t(v) VALUES ('b')"]),
    write(['CREATE TABLE u(v)', "INSERT INTO u VALUES ('x')", "INSERT INTO t(v) VALUES ('a')"]),
    write(["INSERT INTO t(v) VALUES ('c')", 'SELECT count(*) AS n FROM t']),
  ]);
  assert.deepEqual(codes(outcomes), ['ok', 'SQL', 'ok']);
  assert.deepEqual(resultsOf(outcomes[2])[1]!.rows, [[3]]);
  assert.deepEqual(leader.all("SELECT name FROM sqlite_schema WHERE name = 'u'"), []);
  assertReplicated(leader);
});

test('what SQLite refuses is true as of an entry of its own, which leaves nothing else behind', () => {
  const leader = leading();
  const { index } = leader.engine.position;
  const before = leader.all('SELECT * FROM t');
  const outcomes = leader.run("INSERT INTO t(v) VALUES ('a'), ('a')", 'DROP TABLE nowhere');
  for (const outcome of outcomes) assert.equal(outcome.position?.index, index + 1);
  assert.deepEqual(leader.all('SELECT * FROM t'), before);
  assertReplicated(leader);
});

test('the refusal of a write that undid its whole commit has an entry, too', () => {
  const leader = leading();
  const { index } = leader.engine.position;
  const [outcome] = leader.run("INSERT OR ROLLBACK INTO t(v) VALUES ('a'), ('a')");
  assert.ok(outcome !== undefined && 'error' in outcome);
  assert.equal(outcome.position?.index, index + 1);
  assertReplicated(leader);
});

test('what is refused without a look at the data makes no entry', () => {
  const leader = leading();
  const { position, checksum } = leader.engine;
  const [outcome] = leader.run('BEGIN');
  assert.ok(outcome !== undefined && 'error' in outcome);
  assert.equal(outcome.position, undefined);
  assert.deepEqual(leader.engine.position, position);
  assert.deepEqual(leader.engine.checksum, checksum);
});

test('what only reads is true as of an entry of its own: a leader that is none any more cannot have it committed', () => {
  const leader = leading();
  const { index } = leader.engine.position;
  const [outcome] = leader.run('SELECT 1 AS one');
  assert.equal(leader.engine.position.index, index + 1);
  assert.equal(outcome?.position?.index, index + 1);
  assert.deepEqual(resultsOf(outcome), [
    { columns: ['one'], rows: [[1]], changes: 0, lastInsertRowid: 0 },
  ]);
});

const CULPRITS: readonly (readonly [name: string, schema: string, culprit: string])[] = [
  ['INSERT OR ROLLBACK', '', "INSERT OR ROLLBACK INTO t(v) VALUES ('new'), ('a')"],
  ['UPDATE OR ROLLBACK', '', "UPDATE OR ROLLBACK t SET v = 'same'"],
  [
    'a constraint declared ON CONFLICT ROLLBACK',
    'CREATE TABLE c(v UNIQUE ON CONFLICT ROLLBACK)',
    'INSERT INTO c VALUES (1), (1)',
  ],
  [
    'RAISE(ROLLBACK)',
    "CREATE TRIGGER no BEFORE INSERT ON t WHEN new.v = 'no' BEGIN SELECT RAISE(ROLLBACK, 'not so'); END",
    "INSERT INTO t(v) VALUES ('no')",
  ],
  [
    'a deferred foreign key',
    'CREATE TABLE c(v REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)',
    'INSERT INTO c VALUES (777)',
  ],
];

for (const [name, schema, culprit] of CULPRITS)
  test(`only the culprit fails, the others succeed in their order: ${name}`, () => {
    const leader = schema === '' ? leading() : leading(schema);
    leader.run("INSERT INTO t(v) VALUES ('a'), ('b')");
    const outcomes = leader.run(
      "INSERT INTO t(v) VALUES ('c')",
      culprit,
      "INSERT INTO t(v) SELECT 'after ' || group_concat(v) FROM t",
      culprit,
      "INSERT INTO t(v) VALUES ('z')",
    );
    assert.deepEqual(codes(outcomes), ['ok', 'SQL', 'ok', 'SQL', 'ok']);
    assert.equal(errorOf(outcomes[1]).sqlite?.code, 'SQLITE_CONSTRAINT');
    assert.deepEqual(values(leader), ['a', 'b', 'c', 'after a,b,c', 'z']);
    assertReplicated(leader);
  });

test('a transaction whose deferred foreign key fits at its end succeeds in a batch', () => {
  const leader = leading('CREATE TABLE c(v REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)');
  const outcomes = leader.runWrites([
    write(['INSERT INTO c VALUES (5)', "INSERT INTO t VALUES (5, 'five')"]),
    write("INSERT INTO t VALUES (6, 'six')"),
  ]);
  assert.deepEqual(codes(outcomes), ['ok', 'ok']);
});

const HALF_DONE: readonly (readonly [name: string, schema: string, culprit: string])[] = [
  ['INSERT OR FAIL', 'CREATE TABLE u(v UNIQUE)', 'INSERT OR FAIL INTO u VALUES (1), (2), (1)'],
  [
    'insert or fail, returning',
    'CREATE TABLE u(v UNIQUE)',
    'insert or fail into u values (1), (1) returning v',
  ],
  [
    'a constraint declared ON CONFLICT FAIL',
    'CREATE TABLE u(v UNIQUE ON CONFLICT FAIL)',
    'INSERT INTO u VALUES (1), (2), (1)',
  ],
  [
    'RAISE(FAIL) in a trigger',
    "CREATE TABLE u(v); CREATE TRIGGER no BEFORE INSERT ON u WHEN new.v = 3 BEGIN SELECT RAISE(FAIL, 'three'); END",
    'INSERT INTO u VALUES (1), (2), (3)',
  ],
];

for (const [name, schema, culprit] of HALF_DONE)
  test(`a failed statement leaves no row behind: ${name}`, () => {
    const leader = leading(...schema.split('; CREATE').map((s, i) => (i === 0 ? s : `CREATE${s}`)));
    const outcomes = leader.run("INSERT INTO t(v) VALUES ('a')", culprit);
    assert.deepEqual(codes(outcomes), ['ok', 'SQL']);
    assert.deepEqual(values(leader, 'u'), []);
    assert.deepEqual(codes(leader.run(culprit)), ['SQL']);
    leader.run("INSERT INTO t(v) VALUES ('b')");
    assert.deepEqual(values(leader, 'u'), []);
    assertReplicated(leader);
  });

test('a trigger made in the same batch can fail half-way and leaves nothing behind', () => {
  const leader = leading('CREATE TABLE u(v)');
  const outcomes = leader.run(
    "CREATE TRIGGER no BEFORE INSERT ON u WHEN new.v = 3 BEGIN SELECT RAISE(FAIL, 'three'); END",
    'INSERT INTO u VALUES (1), (2), (3)',
  );
  assert.deepEqual(codes(outcomes), ['ok', 'SQL']);
  assert.deepEqual(values(leader, 'u'), []);
});

test('a batch takes no further write when its time is over', () => {
  const leader = new EngineFixture({ engine: { batchMs: 0 } });
  leader.lead();
  const writes = ['CREATE TABLE t(a)', 'INSERT INTO t VALUES (1)', 'INSERT INTO t VALUES (2)'];
  const seen: number[] = [];
  const done = leader.engine.run(
    writes.map((sql) => write(sql)),
    (_, outcomes) => seen.push(outcomes.length),
  );
  assert.equal(done, 1);
  assert.deepEqual(seen, [1]);
});

test('statements see the schema that the statement before them made, in one batch', () => {
  const leader = leading();
  const select = 'SELECT * FROM t WHERE id = 1';
  const insert = "INSERT INTO t(v) VALUES ('a') RETURNING *";
  leader.run(insert, select);
  const outcomes = leader.run(
    select,
    "ALTER TABLE t ADD COLUMN w DEFAULT 'w'",
    select,
    "INSERT INTO t(v) VALUES ('b') RETURNING *",
    'ALTER TABLE t DROP COLUMN w',
    select,
  );
  assert.deepEqual(
    [0, 2, 3, 5].map((i) => resultsOf(outcomes[i])[0]!.columns),
    [
      ['id', 'v'],
      ['id', 'v', 'w'],
      ['id', 'v', 'w'],
      ['id', 'v'],
    ],
  );
  assert.deepEqual(resultsOf(outcomes[2])[0]!.rows, [[1, 'a', 'w']]);
  assert.deepEqual(resultsOf(outcomes[5])[0]!.rows, [[1, 'a']]);
});

test('statements that change pages without changing rows are committed and replicated', () => {
  const leader = leading('CREATE INDEX tv ON t(v)', 'CREATE TABLE other(a)');
  leader.run("INSERT INTO t(v) VALUES ('a'), ('b')", 'ANALYZE');
  for (const sql of ['ANALYZE', 'ANALYZE t', 'REINDEX', 'REINDEX tv', 'PRAGMA optimize']) {
    leader.run('INSERT INTO t(v) VALUES (hex(randomblob(8)))');
    const before = leader.engine.position.index;
    assert.deepEqual(codes(leader.run(sql)), ['ok'], sql);
    assert.equal(leader.engine.position.index, before + 1, `${sql} makes an entry`);
    assertChecksumFits(leader, sql);
  }
  const [{ n }] = leader.all("SELECT stat AS n FROM sqlite_stat1 WHERE idx = 'tv'") as [
    { n: string },
  ];
  assert.equal(n.split(' ')[0], '4');
  assertReplicated(leader);
});

test('a virtual table that finds itself inconsistent fails its statement, not the database', () => {
  const leader = leading(
    "CREATE VIRTUAL TABLE docs USING fts5(body, content='t', content_rowid='id')",
  );
  leader.run(
    "INSERT INTO t(v) VALUES ('alpha')",
    "INSERT INTO docs(rowid, body) VALUES (1, 'beta')",
  );
  const outcomes = leader.run(
    "INSERT INTO docs(docs, rank) VALUES ('integrity-check', 1)",
    "INSERT INTO t(v) VALUES ('b')",
  );
  assert.deepEqual(codes(outcomes), ['SQL', 'ok']);
});

test('a statement that failed does not make its next run fail', () => {
  const leader = leading();
  leader.run("INSERT INTO t(v) VALUES ('taken')");
  for (const sql of ['INSERT INTO t(v) VALUES (?) RETURNING id', 'INSERT INTO t(v) VALUES (?)'])
    assert.deepEqual(
      codes(leader.run([sql, ['taken']], [sql, [`new ${sql}`]], [sql, ['taken']], [sql, [sql]])),
      ['SQL', 'ok', 'SQL', 'ok'],
    );
});

test('a failed statement says why in SQLite’s words and code, with RETURNING as without', () => {
  const leader = leading('CREATE TABLE c(a NOT NULL, b CHECK(b > 0), p INTEGER REFERENCES t(id))');
  leader.run("INSERT INTO t(v) VALUES ('taken')");
  for (const [sql, errcode] of [
    ["INSERT INTO t(v) VALUES ('taken')", 2067],
    ['INSERT INTO c(a) VALUES (NULL)', 1299],
    ['INSERT INTO c VALUES (1, 0, NULL)', 275],
    ['INSERT INTO c VALUES (1, 1, 99)', 787],
    ["INSERT INTO t(id) VALUES ('text')", 20],
  ] as const) {
    const [plain, returning] = leader.run(sql, `${sql} RETURNING 1`).map(errorOf);
    assert.equal(plain?.sqlite?.errcode, errcode, sql);
    assert.deepEqual(returning, plain);
  }
});
