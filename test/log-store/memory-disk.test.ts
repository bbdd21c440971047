import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import type { DiskCall, DiskFault } from '../../src/log-store/disk-calls.ts';
import type { FileLog } from '../../src/log-store/file.ts';
import { MemoryDisk } from '../../src/log-store/memory-disk.ts';
import { Agenda } from './agenda.ts';
import { contract, type Subject } from './contract.ts';
import { entriesFrom, open, written } from './fixtures.ts';

const DIR = '/log';

function makeDisk(
  seed: number,
  fault: (call: DiskCall) => DiskFault | null = () => null,
): MemoryDisk {
  return new MemoryDisk({ random: new Prng(seed), later: new Agenda().later, fault });
}

async function subject(disk: MemoryDisk, log: FileLog): Promise<Subject> {
  return {
    log,
    settle: () => written(log, {}),
    reopen: async () => {
      await log.close();
      const left = disk.afterPowerLoss();
      return subject(left, await open(DIR, { disk: left, cacheBytesMax: 1 }));
    },
  };
}

contract('file log on a memory disk that loses power at each close', async () => {
  const disk = makeDisk(1);
  return subject(disk, await open(DIR, { disk }));
});

async function fileWith(disk: MemoryDisk, path: string, bytes: Uint8Array): Promise<void> {
  await disk.makeDirectory(DIR);
  const file = await disk.open(path, { create: true, synced: false });
  await file.write(bytes, 0);
  await file.sync();
  await file.close();
  await disk.syncDirectory(DIR);
}

const PATH = `${DIR}/f`;
const OLD = new Uint8Array(2000).fill(1);
const NEW = new Uint8Array(2000).fill(2);

/** What is left of PATH in each of many crashes, by what became of it. */
async function outcomes(work: (disk: MemoryDisk) => Promise<void>): Promise<Set<string>> {
  const seen = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) {
    const disk = makeDisk(seed);
    await fileWith(disk, PATH, OLD);
    await work(disk);
    const file = disk
      .afterPowerLoss()
      .files()
      .find(({ path }) => path === PATH);
    seen.add(file === undefined ? 'none' : describe(file.bytes));
  }
  return seen;
}

function describe(bytes: Uint8Array): string {
  if (bytes.length === OLD.length && bytes.every((byte) => byte === 1)) return 'old';
  if (bytes.length === NEW.length && bytes.every((byte) => byte === 2)) return 'new';
  return bytes.some((byte) => byte === 2) ? 'mixed' : 'cut';
}

test('a write without sync is lost, kept or torn when the power goes; after a sync it is kept', async () => {
  const unsynced = await outcomes(async (disk) => {
    const file = await disk.open(PATH, { create: false, synced: false });
    await file.write(NEW, 0);
  });
  assert.deepEqual([...unsynced].sort(), ['mixed', 'new', 'old']);
  const synced = await outcomes(async (disk) => {
    const file = await disk.open(PATH, { create: false, synced: false });
    await file.write(NEW, 0);
    await file.sync();
  });
  assert.deepEqual([...synced], ['new']);
});

test('a synced write is durable when it resolves, and torn at most while it is under way', async () => {
  const resolved = await outcomes(async (disk) => {
    const file = await disk.open(PATH, { create: false, synced: true });
    await file.write(NEW, 0);
  });
  assert.deepEqual([...resolved], ['new']);
  const underWay = await outcomes(async (disk) => {
    const file = await disk.open(PATH, { create: false, synced: true });
    void file.write(NEW, 0);
  });
  assert.deepEqual([...underWay].sort(), ['mixed', 'new', 'old']);
});

test('a name is durable only when its directory was synced', async () => {
  const replace = async (disk: MemoryDisk): Promise<void> => {
    const file = await disk.open(`${PATH}.tmp`, { create: true, synced: true });
    await file.write(NEW, 0);
    await disk.rename(`${PATH}.tmp`, PATH);
  };
  assert.deepEqual([...(await outcomes(replace))].sort(), ['new', 'old']);
  const synced = await outcomes(async (disk) => {
    await replace(disk);
    await disk.syncDirectory(DIR);
  });
  assert.deepEqual([...synced], ['new']);
  const removed = await outcomes((disk) => disk.remove(PATH));
  assert.deepEqual([...removed].sort(), ['none', 'old']);
});

test('what a failed sync covered is seen by readers, and no later sync makes it durable', async () => {
  let failing = false;
  const seen = new Set<string>();
  for (let seed = 1; seed <= 100; seed++) {
    failing = false;
    const disk = makeDisk(seed, ({ kind }) => (failing && kind === 'sync' ? 'EIO' : null));
    await fileWith(disk, PATH, OLD);
    const file = await disk.open(PATH, { create: false, synced: false });
    await file.write(NEW, 0);
    failing = true;
    await assert.rejects(file.sync(), { code: 'EIO' });
    failing = false;
    await file.sync();
    assert.equal(describe(await disk.readFile(PATH)), 'new');
    seen.add(describe(disk.afterPowerLoss().files()[0]!.bytes));
  }
  assert.deepEqual([...seen].sort(), ['mixed', 'new', 'old']);
});

test('after a kill what was written is there, and a later loss of power may still take it', async () => {
  const disk = makeDisk(5);
  await fileWith(disk, PATH, OLD);
  const file = await disk.open(PATH, { create: false, synced: false });
  await file.write(NEW, 0);
  const next = disk.afterKill();
  assert.equal(describe(await next.readFile(PATH)), 'new');
  const seen = await outcomes(async (each) => {
    const again = await each.open(PATH, { create: false, synced: false });
    await again.write(NEW, 0);
    each.afterKill();
  });
  assert.ok(seen.has('old') && seen.has('new'));
});

test('a full disk takes what fits and refuses the rest until there is room', async () => {
  const disk = makeDisk(1);
  await fileWith(disk, PATH, OLD);
  disk.capacityBytes = 2500;
  const file = await disk.open(`${DIR}/g`, { create: true, synced: true });
  await assert.rejects(file.write(NEW, 0), { code: 'ENOSPC' });
  assert.equal(disk.usedBytes, 2500);
  const old = await disk.open(PATH, { create: false, synced: true });
  await old.write(NEW, 0);
  disk.capacityBytes = 4000;
  await file.write(NEW, 0);
  assert.equal(disk.usedBytes, 4000);
});

test('a halted disk answers nothing, and what was under way takes effect in part at most', async () => {
  const disk = makeDisk(1, ({ number }) => (number === 8 ? 'stop' : null));
  await fileWith(disk, PATH, OLD);
  const answered: string[] = [];
  void disk.rename(PATH, `${DIR}/g`).then(() => answered.push('rename'));
  void disk.readFile(PATH).then(() => answered.push('read'));
  assert.equal(disk.calls, 8);
  const next = disk.afterPowerLoss();
  const names = await next.list(DIR);
  assert.deepEqual(answered, []);
  assert.equal(names.length, 1);
  assert.match(names[0]!, /^[fg]$/);
});

test('the same seed gives the same calls, the same remains and the same order', async () => {
  const run = async (): Promise<string[]> => {
    const trace: string[] = [];
    const agenda = new Agenda();
    const random = new Prng(9);
    const fault = ({ number, kind, path }: DiskCall): DiskFault | null => {
      trace.push(`${number} ${kind} ${path}`);
      return number === 60 ? 'stop' : null;
    };
    const disk = new MemoryDisk({ random, later: agenda.later, fault });
    disk.latencyMs = { min: 1, max: 20 };
    const { later } = agenda;
    const newSalt = (): number => random.next();
    const log = await open(DIR, { disk, later, newSalt, segmentBytesMax: 400, sealDelayMs: 30 });
    for (let i = 1; i < 40; i++) {
      void written(log, { entries: entriesFrom(i, 1, 1, 50) }).then(() => trace.push(`done ${i}`));
      if (i % 5 === 0) await agenda.quiet();
    }
    await agenda.quiet();
    for (const { path, bytes } of disk.afterPowerLoss().files()) trace.push(`${path} ${bytes}`);
    return trace;
  };
  const first = await run();
  assert.ok(first.length > 60);
  assert.deepEqual(await run(), first);
});
