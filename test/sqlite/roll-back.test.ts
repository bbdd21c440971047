import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { importDatabase } from '../../src/sqlite/import.ts';
import { storedPositions } from '../../src/sqlite/wal-positions.ts';
import { EngineFixture, resultsOf } from './fixture.ts';
import { assertChecksumFits, assertIdentical } from './scan.ts';
import { scratch } from './scratch.ts';
import { fileWith } from './seeds.ts';
import { randomBatch, SCHEMA } from './workload.ts';

function leading(file?: Uint8Array): EngineFixture {
  const leader = new EngineFixture(file === undefined ? {} : { file });
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)', 'INSERT INTO t(v) VALUES (0)');
  return leader;
}

const count = (fixture: EngineFixture) => fixture.all('SELECT count(*) AS n FROM t');

for (const commits of [1, 2, 7])
  for (const reopened of [false, true])
    test(`${commits} uncommitted commits are undone, ${reopened ? 'after a crash' : 'while it runs'}`, () => {
      const leader = leading();
      const witness = new EngineFixture();
      witness.follow(leader);
      const { position, checksum } = leader.engine;
      for (let i = 0; i < commits; i++)
        leader.run(`INSERT INTO t(v) VALUES (randomblob(${i * 999}))`);
      leader.engine.stepDown();
      const member = reopened ? leader.crashed() : leader;
      assert.ok(member.rollBack(position));
      assert.deepEqual(member.engine.position, position);
      assert.deepEqual(member.engine.checksum, checksum);
      assertIdentical(member, witness);
      witness.lead(5);
      witness.run("INSERT INTO t(v) VALUES ('another history')", 'CREATE TABLE u(a)');
      member.follow(witness);
      assertIdentical(member, witness);
      member.lead(6);
      resultsOf(member.run("INSERT INTO t(v) VALUES ('leads again')")[0]);
      witness.engine.stepDown();
      witness.follow(member);
      assertIdentical(member, witness);
    });

test('the position of the last checkpoint can be gone back to', () => {
  const leader = leading();
  leader.checkpoint();
  const witness = new EngineFixture();
  witness.follow(leader);
  const { position } = leader.engine;
  leader.run('INSERT INTO t(v) VALUES (1)');
  leader.run('CREATE TABLE u(a)');
  leader.engine.stepDown();
  assert.ok(leader.rollBack(position));
  assertIdentical(leader, witness);
});

test('the position of the last checkpoint can be gone back to after a crash', () => {
  const leader = leading();
  leader.checkpoint();
  const witness = new EngineFixture();
  witness.follow(leader);
  const { position } = leader.engine;
  leader.run('INSERT INTO t(v) VALUES (1)');
  leader.run('CREATE TABLE u(a)');
  const member = leader.crashed();
  assert.ok(member.rollBack(position));
  assertIdentical(member, witness);
});

test('a fresh member can undo its very first entry', () => {
  const leader = new EngineFixture();
  leader.lead();
  leader.engine.stepDown();
  assert.ok(leader.rollBack({ term: 0, index: 0 }));
  assertIdentical(leader, new EngineFixture());
});

test('a follower that was restarted after a checkpoint can go back to where it opened', () => {
  const leader = leading();
  const follower = new EngineFixture();
  follower.follow(leader);
  follower.checkpoint();
  const restarted = follower.crashed();
  const { position } = restarted.engine;
  restarted.lead(4);
  restarted.run('INSERT INTO t(v) VALUES (1)');
  restarted.engine.stepDown();
  assert.ok(restarted.rollBack(position));
  assertIdentical(restarted, follower);
});

test('the positions in the WAL are found after a crash, newest first', () => {
  const leader = leading();
  const log: string[] = [];
  for (let i = 0; i < 5; i++) {
    leader.run('INSERT INTO t(v) VALUES (1)');
    log.unshift(JSON.stringify(leader.engine.position));
  }
  const { wal } = leader.crashed().connections;
  const found = storedPositions(wal, 'test-cluster', 100).map((id) => JSON.stringify(id));
  assert.deepEqual(
    found.slice(0, 5).map((s) => JSON.parse(s)),
    log.map((s) => JSON.parse(s)),
  );
  assert.equal(storedPositions(wal, 'test-cluster', 3).length, 3);
});

test('a table that copies Paceline’s row does not confuse the search for a position', () => {
  const leader = leading();
  leader.run('CREATE TABLE z(id INTEGER PRIMARY KEY, a, b, c, d, e, f)');
  const witness = new EngineFixture();
  witness.follow(leader);
  const { position } = leader.engine;
  leader.run('INSERT INTO z SELECT * FROM _paceline');
  leader.run('INSERT INTO t(v) VALUES (1)');
  const last = leader.engine.position;
  const member = leader.crashed();
  const found = storedPositions(member.connections.wal, 'test-cluster', 3);
  assert.deepEqual(
    found.map((id) => id.index),
    [last.index, last.index - 1, last.index - 2],
  );
  assert.ok(member.rollBack(position));
  assertIdentical(member, witness);
});

test('a table of a caller that looks like Paceline’s, with a later position in it, is not believed', () => {
  const leader = leading();
  const columns = 'id INTEGER PRIMARY KEY, cluster, format, term, idx, generation, kept';
  leader.run(`CREATE TABLE z(${columns})`);
  const witness = new EngineFixture();
  witness.follow(leader);
  const { position } = leader.engine;
  leader.run("INSERT INTO z VALUES (1, 'test-cluster', 1, 9, 9000, 0, 0)");
  for (const i of [9001, 9002]) leader.run(`UPDATE z SET idx = ${i}`);
  const { index } = leader.engine.position;
  const member = leader.crashed();
  assert.deepEqual(indexesOf(member).slice(0, 4), [index, index - 1, index - 2, index - 3]);
  assert.ok(member.rollBack(position));
  assertIdentical(member, witness);
});

/** Newest first. */
function indexesOf({ connections }: EngineFixture): number[] {
  return storedPositions(connections.wal, 'test-cluster', 100).map(({ index }) => index);
}

test('the positions are found across a vacuum that moves the page of Paceline’s row', async () => {
  const [source, path] = ['source.db', 'main.db'].map((name) => join(scratch('vacuum'), name));
  const db = new DatabaseSync(source!);
  db.exec('PRAGMA auto_vacuum = FULL');
  for (const table of ['a', 'b', 'c']) db.exec(`CREATE TABLE ${table}(v)`);
  db.close();
  const imported = { term: 0, index: 1 };
  const { checksum } = await importDatabase(source!, path!, 'test-cluster', imported);
  const leader = new EngineFixture({ existing: { path: path!, checksum } });
  leader.lead();
  const root = () => leader.all("SELECT rootpage FROM sqlite_schema WHERE name = '_paceline'");
  const before = root();
  const expected = [leader.engine.position.index];
  for (const table of ['a', 'b', 'c']) {
    leader.run(`DROP TABLE ${table}`);
    expected.unshift(leader.engine.position.index);
  }
  leader.run('CREATE TABLE d(v)');
  expected.unshift(leader.engine.position.index);
  assert.notDeepEqual(root(), before);
  assert.deepEqual(indexesOf(leader.crashed()), [...expected, imported.index]);
});

test('a position that the WAL does not have is not gone back to, and nothing changes', () => {
  const leader = leading();
  const { position } = leader.engine;
  leader.run('INSERT INTO t(v) VALUES (1)');
  leader.checkpoint();
  leader.run('INSERT INTO t(v) VALUES (1)');
  leader.engine.stepDown();
  const before = leader.engine.checksum;
  assert.equal(leader.engine.rollBack(position), false);
  assert.equal(leader.engine.rollBack({ term: 9, index: 3 }), false);
  assert.deepEqual(leader.engine.checksum, before);
  assertChecksumFits(leader);
});

test('undoAbove keeps what is committed and undoes the rest', () => {
  const leader = leading();
  for (let i = 0; i < 4; i++) leader.run('INSERT INTO t(v) VALUES (1)');
  const { index } = leader.engine.position;
  leader.engine.stepDown();
  assert.equal(leader.engine.undoAbove(index), true);
  assert.equal(leader.engine.position.index, index);
  assert.equal(leader.engine.undoAbove(index - 3), true);
  assert.equal(leader.engine.position.index, index - 3);
  assert.deepEqual(count(leader), [{ n: 2 }]);
  assertChecksumFits(leader);
});

test('undoAbove goes back to the last checkpoint', () => {
  const leader = leading();
  leader.checkpoint();
  const { index } = leader.engine.position;
  leader.run('INSERT INTO t(v) VALUES (1)');
  leader.engine.stepDown();
  assert.equal(leader.engine.undoAbove(index), true);
  assert.equal(leader.engine.position.index, index);
});

test('live readers keep their snapshot, then see the old state', () => {
  const leader = leading();
  const { position } = leader.engine;
  const fresh = new DatabaseSync(leader.path);
  leader.run("INSERT INTO t(v) VALUES ('to be undone')", 'CREATE TABLE u(a)');
  leader.all('BEGIN');
  assert.deepEqual(count(leader), [{ n: 2 }]);
  leader.engine.stepDown();
  assert.ok(leader.rollBack(position));
  assert.deepEqual(count(leader), [{ n: 2 }]);
  assert.deepEqual(leader.all('SELECT * FROM u'), []);
  assert.deepEqual({ ...fresh.prepare('SELECT count(*) AS n FROM t').get() }, { n: 1 });
  leader.all('COMMIT');
  assert.deepEqual(count(leader), [{ n: 1 }]);
  assert.throws(() => leader.all('SELECT * FROM u'), /no such table/);
  fresh.close();
});

test('readers are told that commits were undone, with the index that they may see', () => {
  const seen: string[] = [];
  const leader = new EngineFixture({
    engine: { onVisible: (index, undone) => undone && seen.push(`undone to ${index}`) },
  });
  leader.lead();
  const { position } = leader.engine;
  const { schemaCookie } = leader.engine;
  leader.run('CREATE TABLE t(a)');
  leader.engine.stepDown();
  assert.ok(leader.rollBack(position));
  assert.deepEqual(seen, [`undone to ${position.index}`]);
  assert.notEqual(leader.engine.schemaCookie, schemaCookie);
});

for (const [autoVacuum, seed] of [
  ['NONE', 1],
  ['INCREMENTAL', 2],
  ['FULL', 3],
] as const)
  test(`whatever was written is undone, to the byte: auto_vacuum ${autoVacuum}, seed ${seed}`, () => {
    const prng = new Prng(seed);
    const file = fileWith(1024, autoVacuum);
    let leader = new EngineFixture({ file, engine: { pageCacheBytes: 1 } });
    const witness = new EngineFixture({ file });
    leader.lead();
    for (const sql of SCHEMA) resultsOf(leader.run(sql)[0]);
    for (let round = 0; round < 12; round++) {
      for (let n = prng.between(1, 10); n > 0; n--) leader.runWrites(randomBatch(prng));
      const { position } = leader.engine;
      witness.follow(leader);
      for (let n = prng.between(1, 8); n > 0; n--) leader.runWrites(randomBatch(prng));
      if (prng.chance(0.4)) leader = leader.crashed();
      else leader.engine.stepDown();
      if (leader.engine.position.index > position.index) assert.ok(leader.rollBack(position));
      assertChecksumFits(leader, `round ${round}`);
      assert.deepEqual(leader.engine.checksum, witness.engine.checksum, `round ${round}`);
      if (prng.chance(0.3)) witness.checkpoint();
      if (prng.chance(0.2)) leader.checkpoint();
      leader.lead();
    }
    witness.follow(leader);
    assertIdentical(leader, witness);
  });
