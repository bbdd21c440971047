import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { EngineFixture, resultsOf } from './fixture.ts';
import { assertChecksumFits, assertIdentical } from './scan.ts';
import { fileWith } from './seeds.ts';
import { randomBatch, SCHEMA } from './workload.ts';

interface Case {
  readonly pageSize: number;
  readonly autoVacuum: 'NONE' | 'FULL' | 'INCREMENTAL';
  readonly batches: number;
  readonly seed: number;
  readonly cacheBytes: number;
}

/** With a cache of next to nothing, bases are read back from the WAL and from the main file. */
const TINY = 1;
const LARGE = 2 ** 24;
const CASES: readonly Case[] = [
  { pageSize: 512, autoVacuum: 'INCREMENTAL', batches: 120, seed: 1, cacheBytes: TINY },
  { pageSize: 512, autoVacuum: 'FULL', batches: 80, seed: 2, cacheBytes: LARGE },
  { pageSize: 1024, autoVacuum: 'NONE', batches: 120, seed: 3, cacheBytes: TINY },
  { pageSize: 2048, autoVacuum: 'INCREMENTAL', batches: 120, seed: 4, cacheBytes: LARGE },
  { pageSize: 4096, autoVacuum: 'NONE', batches: 200, seed: 5, cacheBytes: LARGE },
  { pageSize: 4096, autoVacuum: 'FULL', batches: 150, seed: 6, cacheBytes: TINY },
  { pageSize: 4096, autoVacuum: 'INCREMENTAL', batches: 150, seed: 7, cacheBytes: 2 ** 17 },
  { pageSize: 16384, autoVacuum: 'NONE', batches: 80, seed: 8, cacheBytes: TINY },
  { pageSize: 65536, autoVacuum: 'INCREMENTAL', batches: 50, seed: 9, cacheBytes: TINY },
];

for (const { pageSize, autoVacuum, batches, seed, cacheBytes } of CASES) {
  const name = `pages of ${pageSize}, auto_vacuum ${autoVacuum}, cache of ${cacheBytes}, seed ${seed}`;
  test(`a follower is the leader’s copy, whatever is written and however it is applied: ${name}`, () => {
    const prng = new Prng(seed);
    const file = fileWith(pageSize, autoVacuum);
    const engine = { pageCacheBytes: cacheBytes, requestIdsKept: 8 };
    let leader = new EngineFixture({ file, engine });
    let follower = new EngineFixture({ file, engine });
    leader.lead();
    for (const sql of SCHEMA) resultsOf(leader.run(sql)[0]);
    for (let n = 0; n < batches; n++) {
      const when = `after batch ${n} of seed ${seed}`;
      leader.runWrites(randomBatch(prng));
      if (prng.chance(0.4))
        follower.follow(leader, leader.engine.position.index - prng.between(0, 3));
      if (prng.chance(0.15)) assertChecksumFits(leader, when);
      if (prng.chance(0.15)) assertChecksumFits(follower, when);
      if (prng.chance(0.05)) leader.checkpoint();
      if (prng.chance(0.05)) follower.checkpoint();
      if (prng.chance(0.02)) follower = follower.crashed();
      if (prng.chance(0.02)) leader = restarted(leader);
    }
    follower.follow(leader);
    assertIdentical(leader, follower);
    leader.checkpoint();
    follower.checkpoint();
    assertIdentical(leader, follower);
    assertChecksumFits(leader, 'at the end');
    assertChecksumFits(follower, 'at the end');
  });
}

/** What a crash leaves of a leader leads again, in the next term. */
function restarted(leader: EngineFixture): EngineFixture {
  const again = leader.crashed();
  again.lead();
  return again;
}

test('the database shrinks on the follower as on the leader', () => {
  const file = fileWith(1024, 'INCREMENTAL');
  const leader = new EngineFixture({ file });
  const follower = new EngineFixture({ file });
  leader.lead();
  leader.run('CREATE TABLE t(b)', 'INSERT INTO t VALUES (zeroblob(200000))');
  follower.follow(leader);
  const before = leader.connections.wal.databasePages;
  leader.run('DELETE FROM t');
  leader.run('PRAGMA incremental_vacuum(50)');
  assert.equal(leader.connections.wal.databasePages, before - 50);
  follower.follow(leader);
  assert.equal(follower.connections.wal.databasePages, before - 50);
  assertIdentical(leader, follower);
  leader.run('PRAGMA incremental_vacuum', 'INSERT INTO t VALUES (randomblob(100000))');
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('shrinking and growing again reach a follower as one commit', () => {
  const file = fileWith(512, 'FULL');
  const leader = new EngineFixture({ file });
  const follower = new EngineFixture({ file });
  leader.lead();
  leader.run('CREATE TABLE t(b)');
  follower.follow(leader);
  for (let round = 0; round < 4; round++) {
    for (const bytes of [90_000, 30_000, 120_000, 10]) {
      leader.run('DELETE FROM t');
      leader.run(`INSERT INTO t VALUES (randomblob(${bytes}))`);
    }
    follower.follow(leader);
    assertIdentical(leader, follower);
    if (round === 1) leader.checkpoint();
    if (round === 2) follower.checkpoint();
  }
});

test('pages that a transaction allocates and frees again are the same on both', () => {
  const leader = new EngineFixture({ pageSize: 512 });
  const follower = new EngineFixture({ pageSize: 512 });
  leader.lead();
  leader.run('CREATE TABLE t(b)');
  for (let i = 0; i < 20; i++) {
    leader.runWrites([
      {
        id: null,
        statements: [
          'CREATE TABLE passing(b)',
          `INSERT INTO passing VALUES (randomblob(${i * 3000}))`,
          'INSERT INTO t VALUES (1)',
          'DROP TABLE passing',
        ].map((sql) => ({ sql })),
      },
    ]);
    if (i % 5 === 4) leader.checkpoint();
    if (i % 3 === 2) follower.follow(leader);
    if (i % 7 === 6) follower.checkpoint();
    assertChecksumFits(leader, `after ${i}`);
  }
  follower.follow(leader);
  assertIdentical(leader, follower);
});
