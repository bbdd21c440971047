import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { Cycled, INSERT, leading, WAL_BYTES } from './cycle.ts';
import { EngineFixture } from './fixture.ts';
import { Foreign, foreignly } from './foreign.ts';
import { poll } from './poll.ts';
import { assertChecksumFits, assertIdentical, checksumOfPages, copyFiles } from './scan.ts';
import { scratch } from './scratch.ts';

/** Remembers which frame brought the database where, as long as the WAL is not begun anew. */
class FrameLog {
  readonly #cycled: Cycled;
  #ends: { index: number; frame: number }[] = [];

  constructor(cycled: Cycled) {
    this.#cycled = cycled;
  }

  note(): void {
    const frame = this.#cycled.fixture.connections.wal.frames;
    if (frame <= (this.#ends.at(-1)?.frame ?? 0)) this.#ends = [];
    this.#ends.push({ index: this.#cycled.executed, frame });
  }

  /** No checkpoint may have copied frames that are not committed. */
  check(): void {
    const { backfilled, committed } = this.#cycled;
    const uncommitted = this.#ends.find(({ index }) => index > committed);
    if (uncommitted === undefined) return;
    const before = this.#ends[this.#ends.indexOf(uncommitted) - 1]?.frame ?? 0;
    assert.ok(backfilled <= before, `${backfilled} frames copied, ${before} are committed`);
  }
}

for (const interference of [
  'no one else',
  'a foreign process that checkpoints all the time',
] as const)
  test(`on a leader no checkpoint passes the commit index, and the WAL stays short: ${interference}`, async () => {
    const seed = 11;
    const prng = new Prng(seed);
    const cycled = new Cycled(leading(), WAL_BYTES);
    cycled.commit(cycled.executed);
    const foreign = await Foreign.open(cycled.fixture.path);
    const frames = new FrameLog(cycled);
    frames.note();
    for (let n = 0; n < 800; n++) {
      await cycled.work(() => cycled.fixture.run(INSERT));
      frames.note();
      if (interference !== 'no one else' && n % 7 === 0)
        await foreign.run(`PRAGMA wal_checkpoint(${n % 2 === 0 ? 'TRUNCATE' : 'PASSIVE'})`);
      frames.check();
      const lag = prng.between(0, 40);
      if (cycled.executed - lag > cycled.committed) cycled.commit(cycled.executed - lag);
      frames.check();
      if (n % 100 === 50) {
        const crashed = cycled.fixture.crashed();
        assert.ok(
          crashed.engine.undoAbove(cycled.committed) ||
            crashed.engine.rollBack({ term: 1, index: cycled.committed }),
          `after ${n} of seed ${seed}`,
        );
        assertChecksumFits(crashed);
      }
    }
    assert.ok(cycled.checkpointed.length > 3, `${cycled.checkpointed.length} checkpoints`);
    // Without checkpoints it would be 30 times as long; how far behind they are depends on the machine.
    assert.ok(cycled.walBytesMax < 12 * WAL_BYTES, `the WAL grew to ${cycled.walBytesMax}`);
    assert.deepEqual(cycled.warnings, []);
    const follower = new EngineFixture({ pageSize: 1024 });
    follower.follow(cycled.fixture);
    assertIdentical(cycled.fixture, follower);
    await foreign.end();
    await cycled.close();
  });

test('a leader that is ahead of the commit index whenever it looks pauses, and empties its WAL then', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  for (let n = 0; n < 1000 && !cycled.cycle.pausesWork; n++) {
    cycled.fixture.run(INSERT);
    cycled.commit(cycled.executed - 1);
    cycled.cycle.afterWork();
  }
  assert.ok(cycled.cycle.pausesWork, 'the WAL grew without end');
  assert.equal(cycled.checkpointed.length, 0);
  cycled.commit(cycled.executed);
  await poll('a checkpoint', () => cycled.checkpointed.length > 0);
  assert.equal(cycled.fixture.connections.wal.frames, 0);
  await cycled.close();
});

test('one that was elected applies the rest of its log, however long its WAL is, and only then pauses', async () => {
  const leader = leading();
  const cycled = new Cycled(new EngineFixture({ pageSize: 1024 }), WAL_BYTES);
  cycled.fixture.follow(leader);
  cycled.commit(cycled.executed);
  // Of what follows nothing is known to be committed before the entry that starts its own term.
  for (let n = 0; n < 200; n++) {
    leader.run(INSERT);
    cycled.fixture.follow(leader);
    cycled.cycle.afterWork();
    assert.equal(cycled.cycle.pausesWork, false, `after ${n} entries`);
  }
  assert.equal(cycled.backfilled, 0);
  cycled.fixture.lead();
  cycled.cycle.afterWork();
  assert.equal(cycled.cycle.pausesWork, true);
  cycled.commit(cycled.executed);
  await poll('a checkpoint', () => cycled.checkpointed.length === 1);
  await cycled.close();
});

test('a follower whose checkpoints a foreign process’s get in the way of empties its WAL when they end', async () => {
  const leader = leading();
  const cycled = new Cycled(new EngineFixture({ pageSize: 1024 }), WAL_BYTES);
  const foreign = await Foreign.open(cycled.fixture.path);
  for (let n = 0; n < 600; n++) {
    leader.run(INSERT);
    if (n % 3 !== 0) continue;
    cycled.commit(leader.engine.position.index);
    await cycled.work(() => cycled.fixture.follow(leader));
    if (n % 5 === 0) await foreign.run('PRAGMA wal_checkpoint(TRUNCATE)');
  }
  cycled.commit(leader.engine.position.index);
  await cycled.work(() => cycled.fixture.follow(leader));
  await foreign.end();
  // How often the two were in each other's way is chance; alone, the next checkpoint empties the WAL.
  const before = cycled.checkpointed.length;
  for (let n = 0; cycled.checkpointed.length === before; n++) {
    assert.ok(n < 600, 'the WAL is never emptied again');
    leader.run(INSERT);
    cycled.commit(leader.engine.position.index);
    await cycled.work(() => cycled.fixture.follow(leader));
  }
  assert.ok(cycled.fixture.connections.wal.bytes < WAL_BYTES, 'the WAL is short again');
  assertIdentical(cycled.fixture, leader);
  await cycled.close();
});

test('what a checkpoint reports is what the main file is', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  while (cycled.checkpointed.length === 0) {
    await cycled.work(() => cycled.fixture.run(INSERT));
    cycled.commit(cycled.executed);
  }
  await cycled.work(() => cycled.fixture.run(INSERT));
  cycled.commit(cycled.executed);
  const { id, checksum } = cycled.checkpointed.at(-1)!;
  assert.deepEqual((await cycled.held()).id, id, 'the main file alone, which stays the same');
  const main = readFileSync(copyFiles(cycled.fixture.path));
  assert.deepEqual(checksumOfPages(main, 1024), checksum);
  const alone = join(scratch('main-file'), 'main.db');
  writeFileSync(alone, main);
  assert.deepEqual(foreignly(alone, 'SELECT term, idx FROM _paceline', 'PRAGMA integrity_check'), [
    [[id.term, id.index]],
    [['ok']],
  ]);
  await cycled.close();
});

for (const role of ['leader', 'follower'] as const)
  test(`a long foreign reader holds a ${role}’s checkpoints back, then they catch up`, async () => {
    const leader = leading();
    leader.run(INSERT);
    const fixture = role === 'leader' ? leader : new EngineFixture({ pageSize: 1024 });
    if (role === 'follower') fixture.follow(leader);
    const cycled = new Cycled(fixture, WAL_BYTES);
    const reader = await Foreign.open(fixture.path);
    await reader.run('BEGIN');
    const before = await reader.run('SELECT count(*) FROM t');
    const step = async () => {
      await cycled.work(() => {
        leader.run(INSERT);
        if (role === 'follower') fixture.follow(leader);
      });
      cycled.commit(cycled.executed);
    };
    for (let n = 0; n < 300; n++) await step();
    assert.equal(cycled.checkpointed.length, 0);
    assert.ok(fixture.connections.wal.bytes > 2 * WAL_BYTES);
    assert.deepEqual(await reader.run('SELECT count(*) FROM t'), before);
    await reader.run('COMMIT');
    for (let n = 0; n < 2000 && cycled.checkpointed.length < 2; n++) await step();
    assert.equal(cycled.checkpointed.length, 2);
    assert.ok(fixture.connections.wal.bytes < 2 * WAL_BYTES);
    assert.deepEqual(await reader.run('SELECT count(*) FROM t'), [
      [(leader.all('SELECT count(*) AS n FROM t') as { n: number }[])[0]!.n],
    ]);
    await reader.end();
    await cycled.close();
  });

test('nothing is copied that would not be known as committed after a crash', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  cycled.keeping = 'never';
  while (cycled.fixture.connections.wal.bytes < 2 * WAL_BYTES) {
    cycled.fixture.run(INSERT);
    cycled.commit(cycled.executed);
    cycled.cycle.afterWork();
  }
  assert.deepEqual([cycled.checkpoints.running, cycled.backfilled], [false, 0]);
  cycled.keeping = 'at once';
  // A hard state that was written for another reason does as well.
  cycled.cycle.kept(cycled.committed);
  await poll('a checkpoint', () => cycled.checkpointed.length > 0);
  await cycled.close();
});

test('a WAL that is emptied keeps its file, unless that has grown to more than twice its limit', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  const { fixture } = cycled;
  const file = `${fixture.path}-wal`;
  const empties = async (walBytes: number) => {
    const before = cycled.checkpointed.length;
    while (fixture.connections.wal.bytes < walBytes) fixture.run(INSERT);
    cycled.commit(cycled.executed);
    cycled.cycle.afterWork();
    await poll('a checkpoint', () => cycled.checkpointed.length > before);
    assert.equal(fixture.connections.wal.frames, 0);
  };
  await empties(WAL_BYTES);
  assert.ok(statSync(file).size >= WAL_BYTES);
  await empties(2.5 * WAL_BYTES);
  assert.equal(statSync(file).size, 0);
  await cycled.close();
});

for (const mode of ['PASSIVE', 'RESTART'] as const)
  test(`a ${mode} checkpoint that the disk did not keep is not tried again: it is an error`, async () => {
    const cycled = new Cycled(leading(), WAL_BYTES);
    const { checkpoints, cycle, warnings } = cycled;
    checkpoints.beforeDone = (ended) => {
      if (ended !== mode) return;
      checkpoints.becomes = () => ({ error: 'main.db: disk I/O error', unsynced: true });
    };
    await assert.rejects(
      async () => {
        for (let n = 0; n < 1_000; n++) await cycled.work(() => cycled.fixture.run(INSERT));
      },
      { code: 'IO', message: /main\.db: disk I\/O error.*this member stops/ },
    );
    assert.deepEqual([warnings, cycle.unsynced], [[], true]);
    checkpoints.thrown.length = 0;
    await cycled.close();
  });
