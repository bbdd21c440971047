import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import type { HeldSnapshot } from '../../src/member/protocol.ts';
import { readHeld } from '../../src/member/read-held.ts';
import { diskFiles } from '../../src/member/snapshot-files.ts';
import { redoOf } from '../../src/sqlite/entry-data.ts';
import { Cycled, INSERT, leading, WAL_BYTES } from './cycle.ts';
import { EngineFixture } from './fixture.ts';
import { foreignly } from './foreign.ts';
import { poll } from './poll.ts';
import { checksumOfPages } from './scan.ts';
import { scratch } from './scratch.ts';

/** All of it, in parts of so many bytes. */
async function contentOf(held: HeldSnapshot, partBytes = 3000): Promise<Uint8Array> {
  const whole = new Uint8Array(held.bytes);
  for (let offset = 0; offset < whole.length; offset += partBytes) {
    const part = new Uint8Array(partBytes);
    const got = await new Promise<number>((resolve, reject) =>
      readHeld(diskFiles, held, part, offset, (error, bytes) =>
        error === null ? resolve(bytes) : reject(error),
      ),
    );
    assert.equal(got, Math.min(partBytes, whole.length - offset));
    whole.set(part.subarray(0, got), offset);
  }
  return whole;
}

/** It is the database at the position that it names. */
async function checkSum(
  held: HeldSnapshot,
  { log }: EngineFixture,
  when: string,
): Promise<Uint8Array> {
  const entry = log.find(({ index }) => index === held.id.index)!;
  assert.equal(held.id.term, entry.term);
  const whole = await contentOf(held);
  assert.deepEqual(checksumOfPages(whole, held.pageSize), redoOf(entry.data).checksumAfter, when);
  return whole;
}

/** By the log and by SQLite. */
async function check(held: HeldSnapshot, leader: EngineFixture, when: string): Promise<void> {
  const whole = await checkSum(held, leader, when);
  const file = join(scratch('held'), 'main.db');
  writeFileSync(file, whole);
  assert.deepEqual(
    foreignly(file, 'SELECT term, idx FROM _paceline', 'PRAGMA integrity_check'),
    [[[held.id.term, held.id.index]], [['ok']]],
    when,
  );
}

test('a leader whose writes wait for a commit gives a committed state at once', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  while (!cycled.cycle.pausesWork) {
    cycled.fixture.run(INSERT);
    cycled.commit(cycled.executed - 1);
    cycled.cycle.afterWork();
  }
  const held = await cycled.held(cycled.committed);
  assert.equal(held.id.index, cycled.committed);
  assert.equal(cycled.executed, cycled.committed + 1);
  assert.equal(cycled.cycle.pausesWork, false, 'writes go on meanwhile');
  await check(held, cycled.fixture, 'beside what is not committed');
  cycled.cycle.letGo();
  cycled.commit(cycled.executed);
  await poll('a checkpoint', () => cycled.checkpointed.length > 0);
  await cycled.close();
});

test('one that was started anew finds it in its WAL', async () => {
  const before = leading();
  for (let n = 0; n < 20; n++) before.run(INSERT);
  const cycled = new Cycled(before.crashed(), WAL_BYTES);
  cycled.fixture.lead();
  cycled.commit(cycled.executed - 8);
  const held = await cycled.held(cycled.committed);
  assert.equal(held.id.index, cycled.committed);
  await check(held, cycled.fixture, 'after a crash');
  await cycled.close();
  before.close();
});

test('a state that is not committed yet is waited for', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  for (let n = 0; n < 5; n++) cycled.fixture.run(INSERT);
  let held = false;
  cycled.cycle.hold(cycled.executed, () => {
    held = true;
  });
  cycled.commit(cycled.executed - 1);
  assert.equal(held, false);
  cycled.commit(cycled.executed);
  assert.equal(held, true);
  await cycled.close();
});

test('a state is held also where the WAL is too long already, as without it nothing may ever be committed', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  const { fixture } = cycled;
  cycled.commit(cycled.executed);
  while (fixture.connections.wal.bytes < 9 * WAL_BYTES) fixture.run(INSERT);
  const held = await cycled.held(cycled.committed);
  cycled.cycle.afterWork();
  assert.deepEqual([held.id.index, cycled.holdsEnded], [cycled.committed, 0]);
  await cycled.close();
});

test('while a state is held no checkpoint of ours begins, until the WAL has grown too long', async () => {
  const cycled = new Cycled(leading(), WAL_BYTES);
  for (let n = 0; n < 20; n++) cycled.fixture.run(INSERT);
  cycled.commit(cycled.executed);
  const held = await cycled.held();
  const before = await contentOf(held);
  while (cycled.holdsEnded === 0) {
    assert.deepEqual(await contentOf(held), before);
    for (let n = 0; n < 50 && cycled.holdsEnded === 0; n++) {
      await cycled.work(() => cycled.fixture.run(INSERT));
      cycled.commit(cycled.executed);
    }
  }
  assert.ok(cycled.walBytesMax > 7 * WAL_BYTES, `${cycled.walBytesMax}`);
  await poll('a checkpoint', () => {
    if (!cycled.cycle.pausesWork) cycled.cycle.afterWork();
    return cycled.checkpointed.length > 0;
  });
  await cycled.close();
});

const STATEMENTS = [
  INSERT,
  'UPDATE t SET v = hex(randomblob(300)) WHERE id % 7 = 0',
  'DELETE FROM t WHERE id % 3 = 1',
];

/** A member and its leader, which may be itself, at work as chance has it. */
class AtWork {
  readonly prng: Prng;
  readonly leader = leading();
  readonly cycled: Cycled;
  readonly #lags: boolean;

  constructor(role: 'leader' | 'follower', seed: number) {
    this.prng = new Prng(seed);
    this.#lags = role === 'leader';
    const fixture = this.#lags ? this.leader : new EngineFixture({ pageSize: 1024 });
    this.cycled = new Cycled(fixture, WAL_BYTES);
    this.cycled.commit(this.cycled.executed);
  }

  async write(least: number, most: number): Promise<void> {
    const { prng, cycled, leader } = this;
    for (let i = prng.between(least, most); i > 0; i--)
      await cycled.work(() => {
        leader.run(STATEMENTS[prng.between(0, 2)]!);
        if (cycled.fixture !== leader) cycled.fixture.follow(leader);
      });
  }

  commit(): void {
    const { cycled } = this;
    const index = cycled.executed - (this.#lags ? this.prng.between(0, 20) : 0);
    if (index > cycled.committed) cycled.commit(index);
  }
}

for (const role of ['leader', 'follower'] as const)
  test(`whatever checkpoints did before, what a ${role} holds is one committed state`, async () => {
    const seed = role === 'leader' ? 5 : 6;
    const work = new AtWork(role, seed);
    const { cycled, leader, prng } = work;
    let withFrames = 0;
    for (let n = 0; n < 80; n++) {
      await work.write(1, 30);
      work.commit();
      const held = await cycled.held(prng.chance(0.7) ? cycled.committed : 1);
      if (held.pgnos.length > 0) withFrames++;
      await work.write(0, 5);
      await checkSum(held, leader, `hold ${n} of seed ${seed}`);
      cycled.cycle.letGo();
    }
    assert.ok(withFrames > 5, `${withFrames} with frames of the WAL`);
    assert.ok(cycled.checkpointed.length > 3, `${cycled.checkpointed.length} checkpoints`);
    await cycled.close();
  });

test('one that crashed in whatever checkpoint still has the state that it knows as committed', async () => {
  const seed = 7;
  const work = new AtWork('leader', seed);
  const { cycled, leader } = work;
  let behind = 0;
  for (let n = 0; n < 25; n++) {
    await work.write(1, 30);
    work.commit();
    if (cycled.kept === 0) continue;
    const crashed = new Cycled(cycled.fixture.crashed(), WAL_BYTES);
    if (crashed.executed > cycled.kept) behind++;
    crashed.commit(cycled.kept);
    await checkSum(await crashed.held(1), leader, `crash ${n} of seed ${seed}`);
    await crashed.close();
  }
  assert.ok(behind > 5, `${behind} had executed more`);
  await cycled.close();
});
