import assert from 'node:assert/strict';
import { test } from 'node:test';
import { codes, EngineFixture, errorOf, write } from './fixture.ts';
import { assertChecksumFits, assertIdentical, wholeFile } from './scan.ts';
import { fileWith } from './seeds.ts';

const LIMIT = 100_000;

function pair(file?: Uint8Array): { leader: EngineFixture; follower: EngineFixture } {
  const options = { ...(file && { file }), engine: { transactionBytesMax: LIMIT } };
  const leader = new EngineFixture(options);
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)', "INSERT INTO t(v) VALUES ('a')");
  const follower = new EngineFixture(options);
  follower.follow(leader);
  return { leader, follower };
}

const HUGE = `INSERT INTO t(v) VALUES (randomblob(${LIMIT * 2}))`;

test('a transaction that is too large for an entry is undone, to the byte', () => {
  const { leader, follower } = pair();
  const before = wholeFile(leader.path);
  const { position, checksum } = leader.engine;
  const [outcome] = leader.run(HUGE);
  assert.equal(errorOf(outcome).code, 'TRANSACTION_TOO_LARGE');
  assert.match(errorOf(outcome).message, /100000 bytes.*undone: split it, or raise/);
  assert.deepEqual(leader.engine.position, position);
  assert.deepEqual(leader.engine.checksum, checksum);
  assertChecksumFits(leader);
  assert.ok(wholeFile(leader.path).equals(before));
  leader.run("INSERT INTO t(v) VALUES ('b')");
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('only the culprit of a batch fails, the others succeed in their order', () => {
  const { leader, follower } = pair();
  const outcomes = leader.runWrites([
    write("INSERT INTO t(v) VALUES ('b')", 'id b'),
    write(HUGE, 'id huge'),
    write("INSERT INTO t(v) VALUES ('c')", 'id c'),
    write(["INSERT INTO t(v) VALUES ('d')", HUGE]),
    write('SELECT group_concat(v) FROM t'),
  ]);
  assert.deepEqual(codes(outcomes), [
    'ok',
    'TRANSACTION_TOO_LARGE',
    'ok',
    'TRANSACTION_TOO_LARGE',
    'ok',
  ]);
  assert.deepEqual(leader.all('SELECT v FROM t'), [{ v: 'a' }, { v: 'b' }, { v: 'c' }]);
  assert.deepEqual(leader.all('SELECT id FROM _paceline_requests_0'), [
    { id: 'id b' },
    { id: 'id c' },
  ]);
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('writes that are too large only together become entries of their own', () => {
  const { leader, follower } = pair();
  const entries = leader.log.length;
  const half = `INSERT INTO t(v) VALUES (randomblob(${Math.floor(LIMIT * 0.6)}))`;
  assert.deepEqual(codes(leader.run(half, half, half)), ['ok', 'ok', 'ok']);
  assert.equal(leader.log.length, entries + 3);
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('changes of the schema, growth and shrinkage are undone with the rest', () => {
  const { leader, follower } = pair(fileWith(1024, 'INCREMENTAL'));
  for (let i = 0; i < 8; i++) leader.run(`INSERT INTO t(v) VALUES (randomblob(90000))`);
  leader.run('DELETE FROM t WHERE id > 4');
  const { checksum } = leader.engine;
  const outcomes = leader.runWrites([
    write([
      'PRAGMA incremental_vacuum',
      'CREATE TABLE u(a)',
      'DROP TABLE t',
      `CREATE TABLE w AS SELECT randomblob(${LIMIT * 5})`,
    ]),
  ]);
  assert.deepEqual(codes(outcomes), ['TRANSACTION_TOO_LARGE']);
  assert.deepEqual(leader.engine.checksum, checksum);
  assertChecksumFits(leader);
  assert.deepEqual(codes(leader.run('SELECT * FROM t', 'CREATE TABLE u(a)')), ['ok', 'ok']);
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('a reader keeps its snapshot while a commit is made and undone', () => {
  const { leader } = pair();
  leader.all('BEGIN');
  const before = leader.all('SELECT count(*) AS n FROM t');
  leader.run(HUGE);
  leader.run("INSERT INTO t(v) VALUES ('b')");
  assert.deepEqual(leader.all('SELECT count(*) AS n FROM t'), before);
  leader.all('COMMIT');
  assert.deepEqual(leader.all('SELECT count(*) AS n FROM t'), [{ n: 2 }]);
});

test('undoing works right after a checkpoint, and again and again', () => {
  const { leader, follower } = pair();
  for (let i = 0; i < 6; i++) {
    if (i % 2 === 0) leader.checkpoint();
    assert.deepEqual(codes(leader.run(HUGE)), ['TRANSACTION_TOO_LARGE']);
    assertChecksumFits(leader, `round ${i}`);
    assert.deepEqual(codes(leader.run(['INSERT INTO t(v) VALUES (?)', [i]])), ['ok']);
  }
  follower.follow(leader);
  assertIdentical(leader, follower);
});
