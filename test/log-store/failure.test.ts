import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { PacelineError } from '../../src/base/errors.ts';
import { change, contents, entriesFrom, open, written } from './fixtures.ts';
import { scratchDirectory } from './scratch.ts';

function mountTiny(dir: string): boolean {
  const options = ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', dir];
  return spawnSync('mount', options).status === 0;
}

test('a full file system kills the store once with DISK_FULL, and what was durable is kept', async (t) => {
  const dir = scratchDirectory();
  assert.ok(mountTiny(dir), 'mounting a small file system needs root');
  // Lazily: a failed assertion leaves the log open.
  t.after(() => spawnSync('umount', ['-l', dir]));
  const failures: PacelineError[] = [];
  const options = {
    segmentBytesMax: 16_384,
    onFailure: (error: PacelineError) => failures.push(error),
  };
  const log = await open(dir, options);
  let durable = 0;
  // One at a time, so that no flush is larger than a segment: space runs out when the next is
  // prepared.
  while (failures.length === 0) {
    const index = log.lastIndex + 1;
    log.write(change({ entries: entriesFrom(index, 1, 1, 1000) }), () => {
      assert.equal(failures.length, 0, 'done after the failure');
      durable = index;
    });
    while (durable < index && failures.length === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  assert.equal(failures[0]?.code, 'DISK_FULL');
  assert.ok(failures[0]?.message.includes(dir));
  assert.throws(() => log.write(change({}), () => {}), { code: 'DISK_FULL' });
  assert.equal(log.statistics.spareFailures, 1);
  await log.close();
  assert.equal(failures.length, 1);
  assert.equal(spawnSync('mount', ['-o', 'remount,size=256k', dir]).status, 0);
  const again = await open(dir, options);
  assert.ok(durable > 50 && again.lastIndex >= durable);
  assert.deepEqual(contents(again).entries, entriesFrom(1, again.lastIndex, 1, 1000));
  await again.close();
});

test('a log whose last seal cannot be written is closed all the same, and says so', async () => {
  const dir = scratchDirectory();
  const failures: PacelineError[] = [];
  const log = await open(dir, { onFailure: (error) => failures.push(error) });
  await written(log, { entries: entriesFrom(1, 3, 1) });
  closeSync(descriptorOf(join(dir, '0000000000000001.log')));
  await log.close();
  assert.deepEqual(
    failures.map(({ code }) => code),
    ['IO'],
  );
});

test('a write that the system refuses kills the store once with IO', async () => {
  const dir = scratchDirectory();
  const failures: PacelineError[] = [];
  const log = await open(dir, { onFailure: (error) => failures.push(error) });
  await written(log, { entries: entriesFrom(1, 3, 1) });
  closeSync(descriptorOf(join(dir, '0000000000000001.log')));
  log.write(change({ entries: entriesFrom(4, 1, 1) }), () => assert.fail('done after the failure'));
  log.write(change({ entries: entriesFrom(5, 1, 1) }), () => assert.fail('done after the failure'));
  while (failures.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.equal(failures[0]?.code, 'IO');
  assert.match(failures[0]?.message ?? '', /EBADF/);
  assert.throws(() => log.write(change({}), () => {}), failures[0]);
  assert.throws(() => log.reset({ ...contents(log).base }, () => {}), failures[0]);
  assert.equal(log.durableIndex, 3);
  await log.close();
  assert.equal(failures.length, 1);
});

/** The descriptor that this process has open on a file. */
function descriptorOf(path: string): number {
  const name = readdirSync('/proc/self/fd').find((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === path;
    } catch (error) {
      // The listing's own descriptor is gone by now.
      assert.match(String(error), /ENOENT/);
      return false;
    }
  });
  assert.ok(name !== undefined, `${path} is not open`);
  return Number(name);
}

test('a compaction that cannot be written kills the store, too', async (t) => {
  const { mkdirSync } = await import('node:fs');
  const dir = scratchDirectory();
  const failures: PacelineError[] = [];
  const log = await open(dir, { onFailure: (error) => failures.push(error) });
  t.after(() => log.close());
  await written(log, { entries: entriesFrom(1, 3, 1) });
  mkdirSync(join(dir, 'base.tmp'));
  log.compact({ ...contents(log).base, id: { index: 2, term: 1 } });
  while (failures.length === 0) {
    const next = change({ entries: entriesFrom(log.lastIndex + 1, 1, 1) });
    log.write(next, () => assert.equal(failures.length, 0, 'done after the failure'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(failures[0]?.code, 'IO');
});
