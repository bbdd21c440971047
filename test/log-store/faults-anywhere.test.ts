import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { DIR, DiskRun, recover, work } from './disk-run.ts';
import { change } from './fixtures.ts';

const STEPS = 14;

/** False when the open was refused with `code`. */
async function opens(run: DiskRun, code: string): Promise<boolean> {
  try {
    return await run.open();
  } catch (error) {
    assert.ok(error instanceof PacelineError && error.code === code, String(error));
    return false;
  }
}

/** The store has failed once, with `code`, and takes nothing any more. */
function expectDead(run: DiskRun, code: string): void {
  assert.deepEqual(
    run.failures.map((error) => error.code),
    [code],
  );
  assert.throws(() => run.log!.write(change({}), assert.fail), { code });
}

/** The next process goes on, and what it acknowledges survives a loss of power. */
async function goOn(run: DiskRun): Promise<void> {
  run.crash();
  run.failures.length = 0;
  await recover(run);
  await work(run, 4);
  run.crash();
  await recover(run);
  assert.deepEqual(run.failures, []);
}

test('after a call that failed nothing is acknowledged, and the next process loses nothing', async () => {
  let died = 0;
  for (let seed = 1; seed <= 40; seed++) {
    for (let at = 1 + (seed % 5); at < 90; at += 5) {
      const run = new DiskRun(seed, `seed ${seed}, error at call ${at}`);
      run.fault = ({ number }) => (number === at ? 'EIO' : null);
      if (await opens(run, 'IO')) await work(run, STEPS);
      if (run.failures.length > 0) {
        expectDead(run, 'IO');
        died++;
      }
      await goOn(run);
    }
  }
  assert.ok(died > 200, `died ${died} times`);
});

test('a full disk ends the store with DISK_FULL, and the log goes on when there is room', async () => {
  let died = 0;
  for (let seed = 1; seed <= 100; seed++) {
    const run = new DiskRun(seed, `seed ${seed}, full disk`);
    assert.ok(await run.open());
    run.disk.capacityBytes = run.disk.usedBytes + run.random.between(0, 1500);
    await work(run, 3 * STEPS);
    if (run.failures.length > 0) {
      expectDead(run, 'DISK_FULL');
      died++;
    }
    run.crash();
    run.failures.length = 0;
    await opens(run, 'DISK_FULL');
    run.disk.capacityBytes = Number.POSITIVE_INFINITY;
    await goOn(run);
  }
  assert.ok(died > 50, `died ${died} times`);
});

test('a flipped bit in a closed log is refused with its place, or changes nothing', async () => {
  let refused = 0;
  for (let seed = 1; seed <= 200; seed++) {
    const run = new DiskRun(seed, `seed ${seed}, flipped bit`);
    assert.ok(await run.open());
    await work(run, STEPS);
    await run.log!.close();
    run.crash();
    const files = run.disk.files();
    const { path, bytes } = files[run.random.between(0, files.length - 1)]!;
    const used = bytes.findLastIndex((byte) => byte !== 0) + 1;
    const byte = run.random.between(0, used - 1);
    run.disk.flipBit(path, byte, run.random.between(0, 7));
    try {
      await run.open();
    } catch (error) {
      assert.ok(error instanceof PacelineError, String(error));
      assert.match(error.code, /^(LOG|HARD_STATE)_DAMAGED$/);
      assert.match(error.message, new RegExp(`${DIR}/\\S+ is damaged at byte \\d+`));
      refused++;
    }
  }
  assert.ok(refused > 120, `${refused} refused`);
});
