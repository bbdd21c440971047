import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DiskCall } from '../../src/log-store/disk-calls.ts';
import { DiskRun, type Fault } from './disk-run.ts';

const SEEDS = 40;
const STEPS = 14;

function stopAt(number: number): Fault {
  return (call: DiskCall) => (call.number === number ? 'stop' : null);
}

/** Some steps; ends early when the disk stops. */
async function work(run: DiskRun, steps: number): Promise<void> {
  for (let i = 0; i < steps && !run.disk.halted; i++) await run.step();
  await run.quiet();
}

/** Opens what is left, stopped again and again in the middle of it. */
async function recover(run: DiskRun): Promise<void> {
  for (let tries = 0; ; tries++) {
    if (tries < 3) run.fault = stopAt(run.disk.calls + run.random.between(1, 14));
    if (await run.open()) return;
    assert.ok(tries < 3, 'the open ends when nothing stops it');
    run.crash();
  }
}

/** Counts the calls of a run that nothing stops. */
async function callsOf(seed: number): Promise<number> {
  const run = new DiskRun(seed, `seed ${seed}`);
  assert.ok(await run.open());
  await work(run, STEPS);
  return run.disk.calls;
}

test('a crash at any call leaves all that was acknowledged and a prefix of the rest', async () => {
  let crashes = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const calls = await callsOf(seed);
    // Each seed stops at other calls, so that all are met at a fraction of the cost.
    for (let at = 1 + (seed % 4); at <= calls; at += 4) {
      const run = new DiskRun(seed, `seed ${seed}, stopped at call ${at} of ${calls}`);
      run.fault = stopAt(at);
      const opened = await run.open();
      if (opened) await work(run, STEPS);
      run.crash();
      await recover(run);
      await work(run, 4);
      run.crash();
      await recover(run);
      assert.deepEqual(run.failures, []);
      crashes++;
    }
  }
  assert.ok(crashes > 300, `${crashes} crashes`);
});
