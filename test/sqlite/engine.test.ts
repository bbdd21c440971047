import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EngineFixture } from './fixture.ts';
import { assertIdentical } from './scan.ts';

test('a follower that applies the leader’s entries has the same rows and the same bytes', () => {
  const leader = new EngineFixture();
  const follower = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)', 'CREATE INDEX tv ON t(v)');
  for (let i = 0; i < 50; i++)
    leader.run(['INSERT INTO t(v) VALUES (?)', [`row ${i}`]], ['INSERT INTO t(v) VALUES (?)', [i]]);
  for (const entry of leader.log) follower.engine.apply([entry]);
  assert.deepEqual(follower.all('SELECT count(*) AS n FROM t'), [{ n: 100 }]);
  assertIdentical(leader, follower);
});

test('a fresh engine is at the origin, a leader’s first entry starts its term', () => {
  const { engine, log, ...fixture } = Object.assign(new EngineFixture());
  assert.deepEqual(engine.position, { term: 0, index: 0 });
  assert.equal(engine.leading, false);
  engine.lead(7);
  assert.equal(engine.leading, true);
  assert.deepEqual(engine.position, { term: 7, index: 1 });
  assert.deepEqual([log, typeof fixture], [[], 'object']);
});

test('the database records its own position, in the commit that brought it there (I6)', () => {
  const leader = new EngineFixture();
  const follower = new EngineFixture();
  leader.lead(3);
  leader.run('CREATE TABLE t(a)');
  for (let i = 0; i < 20; i++) {
    leader.run('INSERT INTO t VALUES (1)');
    follower.follow(leader);
    for (const side of [leader, follower])
      assert.deepEqual(
        side.all('SELECT term, idx AS "index", (SELECT count(*) FROM t) AS rows FROM _paceline'),
        [{ ...leader.engine.position, rows: i + 1 }],
      );
  }
});

test('an entry with a gap before it is not applied', () => {
  const leader = new EngineFixture();
  const follower = new EngineFixture();
  leader.lead();
  leader.run('CREATE TABLE t(a)');
  leader.run('INSERT INTO t VALUES (1)');
  assert.throws(() => follower.engine.apply(leader.log.slice(1)), /without gaps/);
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('leadership passes from one engine to another, and the copies stay the same', () => {
  const a = new EngineFixture();
  const b = new EngineFixture();
  a.lead();
  a.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  for (let round = 0; round < 6; round++) {
    const [from, to] = round % 2 === 0 ? [a, b] : [b, a];
    for (let i = 0; i < 5; i++) from.run(['INSERT INTO t(v) VALUES (?)', [`${round}.${i}`]]);
    to.follow(from);
    from.engine.stepDown();
    to.lead();
    from.follow(to);
  }
  a.engine.stepDown();
  b.engine.stepDown();
  assertIdentical(a, b);
  assert.deepEqual(a.all('SELECT count(*) AS n, max(id) AS m FROM t'), [{ n: 30, m: 30 }]);
});

test('readers may see a commit only after it was announced (I5)', () => {
  const seen: string[] = [];
  const visible: { index: number; undone: boolean }[] = [];
  const leader: EngineFixture = new EngineFixture({
    engine: {
      onVisible: (index, undone) => {
        visible.push({ index, undone });
        seen.push(`${index}: ${JSON.stringify(leader?.all('SELECT count(*) AS n FROM t'))}`);
      },
    },
  });
  visible.length = 0;
  assert.throws(() => leader.lead(), /no such table/);
  assert.deepEqual(visible, [
    { index: 1, undone: false },
    { index: 0, undone: false }, // nothing was committed, so it was taken back
  ]);
});
