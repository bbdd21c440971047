import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cycled, INSERT, leading, WAL_BYTES } from './cycle.ts';
import { EngineFixture } from './fixture.ts';
import { poll } from './poll.ts';

test('a checkpoint that was begun before a member leads copies nothing of what it commits then', async () => {
  const leader = leading();
  const cycled = new Cycled(new EngineFixture({ pageSize: 1024 }), WAL_BYTES);
  const { fixture, cycle, checkpoints } = cycled;
  const { wal } = fixture.connections;
  while (wal.bytes < WAL_BYTES) {
    leader.run(INSERT);
    fixture.follow(leader);
  }
  const started: (() => void)[] = [];
  const start = checkpoints.start.bind(checkpoints);
  checkpoints.start = (mode, done) => void started.push(() => start(mode, done));
  cycled.commit(cycled.executed);
  await poll('a checkpoint that is begun', () => started.length === 1);
  const committed = wal.frames;
  cycle.before(cycled.executed + 1);
  fixture.lead();
  assert.ok(wal.frames > committed);
  started[0]!();
  await poll('the checkpoint is over', () => !checkpoints.running);
  assert.equal(cycled.backfilled, committed);
  await cycled.close();
});

test('on a follower nothing is held any more when what was ahead of the commit index is committed', () => {
  const leader = leading();
  const follower = new EngineFixture({ pageSize: 1024 });
  const { fixture, cycle, pins } = new Cycled(follower, WAL_BYTES);
  cycle.before(1);
  assert.equal(pins.heldIndex, 0);
  fixture.follow(leader);
  cycle.afterWork();
  assert.equal(pins.heldIndex, 0);
  cycle.committed(fixture.engine.position.index);
  assert.equal(pins.heldIndex, null);
});
