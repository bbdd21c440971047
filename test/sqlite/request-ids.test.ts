import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Outcome } from '../../src/sqlite/executor.ts';
import { codes, EngineFixture, resultsOf, write } from './fixture.ts';
import { assertIdentical } from './scan.ts';

function leading(requestIdsKept = 1000): EngineFixture {
  const leader = new EngineFixture({ engine: { requestIdsKept } });
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)');
  return leader;
}

const INSERT = 'INSERT INTO t(v) VALUES (hex(randomblob(8))) RETURNING id, v';
const rows = (fixture: EngineFixture) =>
  (fixture.all('SELECT count(*) AS n FROM t') as { n: number }[])[0]!.n;

function assertSameAnswer(first: Outcome | undefined, retry: Outcome | undefined): void {
  resultsOf(first);
  assert.deepEqual(retry, first);
}

test('the same id twice in one batch takes effect once, and both get the first answer', () => {
  const leader = leading();
  const [first, retry, other] = leader.runWrites([
    write(INSERT, 'a'),
    write(INSERT, 'a'),
    write(INSERT, 'b'),
  ]);
  assertSameAnswer(first, retry);
  assert.notDeepEqual(resultsOf(other), resultsOf(first));
  assert.equal(rows(leader), 2);
});

test('the same id in a later batch gets the first answer and the first position', () => {
  const leader = leading();
  const [first] = leader.runWrites([write(INSERT, 'a')]);
  leader.run(INSERT, INSERT);
  const before = leader.engine.position;
  const [retry] = leader.runWrites([write(INSERT, 'a')]);
  assertSameAnswer(first, retry);
  assert.deepEqual(leader.engine.position, before, 'a retry makes no entry');
  const [, mixed] = leader.runWrites([write(INSERT), write(INSERT, 'a')]);
  assertSameAnswer(first, mixed);
});

test('a transaction of several statements is retried as a whole', () => {
  const leader = leading();
  const batch = write([INSERT, 'SELECT count(*) FROM t', INSERT], 'a');
  const [first] = leader.runWrites([batch]);
  const [retry] = leader.runWrites([batch]);
  assertSameAnswer(first, retry);
  assert.equal(rows(leader), 2);
});

test('a read that carries an id is answered alike when it is retried', () => {
  const leader = leading();
  const [first] = leader.runWrites([write('SELECT count(*) FROM t', 'a')]);
  leader.run(INSERT);
  assertSameAnswer(first, leader.runWrites([write('SELECT count(*) FROM t', 'a')])[0]);
});

test('a retry after a restart gets the first answer', () => {
  const leader = leading();
  const [first] = leader.runWrites([write(INSERT, 'a')]);
  const restarted = leader.crashed();
  restarted.lead();
  assertSameAnswer(first, restarted.runWrites([write(INSERT, 'a')])[0]);
  assert.equal(rows(restarted), 1);
});

test('a retry through the next leader gets the first answer', () => {
  const leader = leading();
  const next = new EngineFixture();
  const [first] = leader.runWrites([write(INSERT, 'a')]);
  next.follow(leader);
  next.lead();
  assertSameAnswer(first, next.runWrites([write(INSERT, 'a')])[0]);
  assert.equal(rows(next), 1);
});

test('a write that was undone with its leader’s tail is not remembered', () => {
  const leader = leading();
  const { position } = leader.engine;
  leader.runWrites([write(INSERT, 'a')]);
  leader.engine.stepDown();
  assert.ok(leader.rollBack(position));
  leader.lead();
  const [again] = leader.runWrites([write(INSERT, 'a')]);
  assert.deepEqual('position' in again! && again.position, leader.engine.position);
  assert.equal(rows(leader), 1);
});

test('a write that was rejected is answered alike when it is retried, whatever has become possible', () => {
  const leader = leading();
  leader.run("INSERT INTO t(v) VALUES ('taken')");
  const taken = write("INSERT INTO t(v) VALUES ('taken') RETURNING id", 'a');
  const spoiled = write("INSERT OR ROLLBACK INTO t(v) VALUES ('taken')", 'c');
  const first = leader.runWrites([taken, write('nonsense', 'b'), spoiled]);
  assert.deepEqual(codes(first), ['SQL', 'SQL', 'SQL']);
  leader.run("DELETE FROM t WHERE v = 'taken'");
  assert.deepEqual(leader.runWrites([taken, write(INSERT, 'b'), spoiled]), first);
  assert.equal(rows(leader), 0);
});

test('ids of writes that ran in a batch that was spoiled are remembered once', () => {
  const leader = leading();
  const spoil = "INSERT OR ROLLBACK INTO t(v) VALUES ('x'), ('x')";
  const outcomes = leader.runWrites([write(INSERT, 'a'), write(spoil, 'c'), write(INSERT, 'b')]);
  assert.deepEqual(codes(outcomes), ['ok', 'SQL', 'ok']);
  const retries = leader.runWrites([write(INSERT, 'a'), write(INSERT, 'b')]);
  assertSameAnswer(outcomes[0], retries[0]);
  assertSameAnswer(outcomes[2], retries[1]);
  assert.equal(rows(leader), 2);
});

test('generations take turns: at least the last requestIdsKept ids are known, at most twice as many', () => {
  const kept = 10;
  const leader = leading(kept);
  const follower = new EngineFixture({ engine: { requestIdsKept: kept } });
  const first = new Map<number, Outcome>();
  for (let i = 0; i < 57; i++) {
    first.set(i, leader.runWrites([write(INSERT, `id ${i}`)])[0]!);
    const [{ n }] = leader.all(
      'SELECT (SELECT count(*) FROM _paceline_requests_0) + (SELECT count(*) FROM _paceline_requests_1) AS n',
    ) as [{ n: number }];
    assert.ok(n <= 2 * kept && n >= Math.min(i + 1, kept), `${n} kept after ${i + 1}`);
    const asked = Math.max(0, i - kept + 1);
    assertSameAnswer(first.get(asked), leader.runWrites([write(INSERT, `id ${asked}`)])[0]);
  }
  assert.equal(rows(leader), 57);
  follower.follow(leader);
  assertIdentical(leader, follower);
  follower.lead();
  for (let i = 47; i < 57; i++)
    assertSameAnswer(first.get(i), follower.runWrites([write(INSERT, `id ${i}`)])[0]);
});

test('generations turn in the middle of a batch, too', () => {
  const leader = leading(5);
  const batch = Array.from({ length: 23 }, (_, i) => write(INSERT, `id ${i}`));
  const first = leader.runWrites(batch);
  const retries = leader.runWrites(batch.slice(-5));
  for (const [i, retry] of retries.entries()) assertSameAnswer(first[18 + i], retry);
  assert.equal(rows(leader), 23);
});

test('ids are compared as they are: case, blanks and odd characters count', () => {
  const leader = leading();
  const ids = ['a', 'A', 'a ', ' a', '', 'naïve 🚴', "'; --"];
  leader.runWrites(ids.map((id) => write(INSERT, id)));
  assert.equal(rows(leader), ids.length);
  leader.runWrites(ids.map((id) => write(INSERT, id)));
  assert.equal(rows(leader), ids.length);
});
