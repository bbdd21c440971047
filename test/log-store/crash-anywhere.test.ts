import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DiskRun, recover, stopAt, work } from './disk-run.ts';

const SEEDS = 40;
const STEPS = 14;

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
