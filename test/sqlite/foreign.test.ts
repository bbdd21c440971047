import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Cycled } from './cycle.ts';
import { codes, EngineFixture, resultsOf, write } from './fixture.ts';
import { Foreign, foreignly } from './foreign.ts';
import { assertChecksumFits, assertIdentical } from './scan.ts';

function leading(): EngineFixture {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of [
    'CREATE TABLE t(id INTEGER PRIMARY KEY, n, pad)',
    'INSERT INTO t SELECT column1, 0, hex(randomblob(300)) FROM (VALUES (1), (2), (3), (4))',
  ])
    resultsOf(leader.run(sql)[0]);
  return leader;
}

/** A row whose first column never falls and whose others are equal in every commit, and only between commits. */
const WATCH =
  'SELECT (SELECT idx FROM _paceline), (SELECT min(n) FROM t), (SELECT max(n) FROM t), (SELECT sum(n) / 4 FROM t)';
const COMMITS = 400;

test('foreign readers see whole commits in their order, on leader and follower, beside checkpoints', async () => {
  const leader = new Cycled(leading(), 60_000);
  const follower = new Cycled(new EngineFixture(), 60_000);
  follower.fixture.follow(leader.fixture);
  const readers = await Promise.all(
    [leader, leader, follower, follower].map((side) => Foreign.open(side.fixture.path)),
  );
  await Promise.all(readers.map((reader) => reader.watch(WATCH)));
  for (let n = 1; n <= COMMITS; n++) {
    // Two steps, so that a reader could see one without the other.
    await leader.work(() =>
      leader.fixture.runWrites([
        write([
          `UPDATE t SET n = ${n}, pad = hex(randomblob(300)) WHERE id <= 2`,
          `UPDATE t SET n = ${n}, pad = hex(randomblob(300)) WHERE id > 2`,
        ]),
      ]),
    );
    leader.commit(leader.executed);
    follower.commit(leader.executed);
    if (n % 3 === 0) await follower.work(() => follower.fixture.follow(leader.fixture));
    await turn();
  }
  await follower.work(() => follower.fixture.follow(leader.fixture));
  for (const reader of readers) {
    const { reads, wrong } = await reader.watched();
    assert.deepEqual(wrong, []);
    assert.ok(reads > 0);
    assert.deepEqual(await reader.run('SELECT max(n) FROM t'), [[COMMITS]]);
    await reader.end();
  }
  assert.ok(leader.checkpointed.length > 2 && follower.checkpointed.length > 2);
  assertIdentical(leader.fixture, follower.fixture);
  await leader.close();
  await follower.close();
});

test('foreign writers are kept out of a leader and of a follower', async () => {
  const leader = leading();
  const follower = new EngineFixture();
  follower.follow(leader);
  const processes = await Promise.all([leader, follower].map((side) => Foreign.open(side.path)));
  for (let round = 0; round < 3; round++) {
    for (const foreign of processes)
      for (const sql of ['INSERT INTO t(n) VALUES (1)', 'CREATE TABLE u(a)', 'BEGIN IMMEDIATE'])
        assert.deepEqual(await foreign.run(sql), { error: 'database is locked' });
    assert.deepEqual(codes(leader.run('UPDATE t SET n = n + 1')), ['ok']);
    follower.follow(leader);
    if (round === 1) for (const side of [leader, follower]) side.checkpoint();
  }
  for (const foreign of processes) await foreign.end();
  assertIdentical(leader, follower);
});

for (const role of ['leader', 'follower'] as const) {
  test(`a foreign process that holds the write lock makes a ${role} busy, which passes`, async () => {
    const leader = leading();
    const fixture = role === 'leader' ? leader : new EngineFixture();
    if (role === 'follower') fixture.follow(leader);
    const before = fixture.engine.position;
    if (role === 'follower') leader.run('UPDATE t SET n = 1');
    fixture.engine.unlock();
    const foreign = await Foreign.open(fixture.path);
    await foreign.run('BEGIN IMMEDIATE');
    const work = () => {
      if (role === 'leader') fixture.run('UPDATE t SET n = 1');
      else fixture.follow(leader);
    };
    assert.throws(work, { code: 'DATABASE_BUSY', category: 'retryable' });
    assert.throws(work, { code: 'DATABASE_BUSY' });
    assert.deepEqual(fixture.engine.position, before);
    await foreign.run('ROLLBACK');
    work();
    assert.equal(fixture.engine.position.index, before.index + 1);
    assertChecksumFits(fixture);
    await foreign.end();
    if (role === 'follower') assertIdentical(leader, fixture);
  });

  for (const [how, statements] of [
    ['writes', ['UPDATE t SET n = 99']],
    ['writes and truncates the WAL', ['UPDATE t SET n = 99', 'PRAGMA wal_checkpoint(TRUNCATE)']],
    ['changes the schema', ['CREATE TABLE u(a)']],
  ] as const) {
    test(`on a ${role} it is noticed that a foreign process ${how} while the lock is let go`, () => {
      const leader = leading();
      const fixture = role === 'leader' ? leader : new EngineFixture();
      if (role === 'follower') fixture.follow(leader);
      fixture.engine.unlock();
      foreignly(fixture.path, ...statements);
      if (role === 'follower') leader.run('UPDATE t SET n = 1');
      const work = () => {
        if (role === 'leader') fixture.run('UPDATE t SET n = 1');
        else fixture.follow(leader);
      };
      assert.throws(work, {
        code: 'FOREIGN_WRITE',
        category: 'fault',
        message: /another process wrote to .*main\.db.*find that process/,
      });
    });

    test(`after a checkpoint of a ${role}, too: a foreign process ${how}`, () => {
      const leader = leading();
      const fixture = role === 'leader' ? leader : new EngineFixture();
      if (role === 'follower') fixture.follow(leader);
      fixture.engine.unlock();
      fixture.all('PRAGMA wal_checkpoint(TRUNCATE)');
      foreignly(fixture.path, ...statements);
      for (let i = 0; i < 3; i++)
        assert.throws(() => fixture.engine.lock(), { code: 'FOREIGN_WRITE' }, `try ${i}`);
    });
  }
}

test('a foreign checkpoint while the lock is let go is no foreign write', () => {
  const leader = leading();
  const follower = new EngineFixture();
  follower.follow(leader);
  for (const mode of ['PASSIVE', 'RESTART', 'TRUNCATE', 'TRUNCATE'])
    for (const side of [leader, follower]) {
      side.engine.unlock();
      foreignly(side.path, `PRAGMA wal_checkpoint(${mode})`, 'SELECT * FROM t');
      side.engine.lock();
      if (side === leader) leader.run('UPDATE t SET n = n + 1');
      else follower.follow(leader);
      assertChecksumFits(side, mode);
    }
  assertIdentical(leader, follower);
});
