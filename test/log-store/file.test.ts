import assert from 'node:assert/strict';
import { openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { dumpLog } from '../../src/log-store/dump.ts';
import type { FileLog } from '../../src/log-store/file.ts';
import type { LogStore, LogWrite } from '../../src/log-store/log-store.ts';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { contract, type Subject } from './contract.ts';
import {
  baseAt,
  CREATION,
  change,
  contents,
  entriesFrom,
  open,
  resetTo,
  written,
} from './fixtures.ts';
import { copyDirectory, scratchDirectory } from './scratch.ts';

function subject(t: TestContext, dir: string, log: FileLog): Subject {
  t.after(() => log.close());
  return {
    log,
    settle: () => written(log, {}),
    reopen: async () => {
      await log.close();
      return subject(t, dir, await open(dir));
    },
  };
}

contract('file', async (t) => {
  const dir = scratchDirectory();
  return subject(t, dir, await open(dir));
});

contract('file without a cache', async (t) => {
  const dir = scratchDirectory();
  return subject(t, dir, await open(dir, { cacheBytesMax: 1 }));
});

test('writes of one turn share one sync, and so do those that come during a sync', async () => {
  const log = await open(scratchDirectory(), { segmentBytesMax: 1 << 20 });
  const all = Array.from({ length: 100 }, (_, i) =>
    written(log, { entries: entriesFrom(i + 1, 1, 1) }),
  );
  const before = log.statistics.flushes;
  await Promise.all(all);
  assert.equal(log.statistics.flushes - before, 1);
  const first = written(log, { entries: entriesFrom(101, 1, 1) });
  await Promise.resolve();
  const later = Array.from({ length: 50 }, (_, i) =>
    written(log, { entries: entriesFrom(i + 102, 1, 1) }),
  );
  await Promise.all([first, ...later]);
  assert.equal(log.statistics.flushes - before, 3);
  assert.equal(log.statistics.writes, 151);
  await log.close();
});

test('a flush does not make durable what was truncated while it was under way', async () => {
  const log = await open(scratchDirectory(), { cacheBytesMax: 1 });
  const first = written(log, { entries: entriesFrom(1, 10, 1) });
  await Promise.resolve();
  const second = written(log, { truncateFrom: 5, entries: entriesFrom(5, 2, 2) });
  await first;
  assert.equal(log.durableIndex, 4);
  assert.deepEqual(contents(log).entries, [...entriesFrom(1, 4, 1), ...entriesFrom(5, 2, 2)]);
  await second;
  assert.equal(log.durableIndex, 6);
  await log.close();
});

test('memory stays bounded: old entries leave the cache and are read from disk', async () => {
  const log = await open(scratchDirectory(), { cacheBytesMax: 5000, segmentBytesMax: 20_000 });
  for (let i = 0; i < 100; i++) await written(log, { entries: entriesFrom(i * 5 + 1, 5, 1, 100) });
  assert.ok(log.statistics.cacheBytes <= 5000);
  assert.deepEqual(contents(log).entries, entriesFrom(1, 500, 1, 100));
  await log.close();
});

test('an entry that went bad on disk after the open is refused, never returned', async () => {
  const dir = scratchDirectory();
  const log = await open(dir, { cacheBytesMax: 1, segmentBytesMax: 1 << 20 });
  await written(log, { entries: entriesFrom(1, 3, 1, 100) });
  await written(log, { entries: entriesFrom(4, 1, 1) });
  const file = join(dir, '0000000000000001.log');
  const at = readFileSync(file).indexOf(entriesFrom(2, 1, 1, 100)[0]!.data);
  writeSync(openSync(file, 'r+'), Uint8Array.of(255), 0, 1, at);
  assert.equal(log.entries(1, 1, 1000).length, 1);
  assert.throws(() => log.entries(1, 3, 1000), {
    code: 'LOG_DAMAGED',
    message: /0001\.log.* byte \d+/,
  });
  await log.close();
});

test('an empty directory is refused when no log is to be created', async () => {
  const dir = scratchDirectory();
  const options = { dir, onFailure: () => {} };
  const { openFileLog } = await import('../../src/log-store/file.ts');
  await assert.rejects(openFileLog(options), { code: 'LOG_DAMAGED', message: /no log in/ });
  await assert.rejects(openFileLog({ ...options, segmentBytesMax: -1 }), {
    code: 'OPTIONS_INVALID',
  });
});

test('idle logs are sealed, so that later damage to the last write is seen', async () => {
  const dir = scratchDirectory();
  const log = await open(dir, { sealDelayMs: 5 });
  await written(log, { entries: entriesFrom(1, 1, 1) });
  const file = join(dir, '0000000000000001.log');
  while (!/seal last 1@1/.test([...dumpLog(file)].join('\n'))) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await log.close();
});

test('the dump shows every record and where damage begins', async () => {
  const dir = scratchDirectory();
  const log = await open(dir);
  const hardState = { term: 2, vote: 'a', commit: 0 };
  await written(log, { entries: entriesFrom(1, 2, 2), hardState });
  await written(log, { truncateFrom: 2 });
  await log.close();
  const file = join(dir, '0000000000000001.log');
  const text = [...dumpLog(file)].map((line) => line.replace(/ (flush|salt) \w+/, ''));
  assert.deepEqual(text, [
    '0 segment 1 size 2048',
    '32 start after 0@0 fresh term 0 vote - commit 0',
    '89 seal last 0@0',
    '125 hard-state term 2 vote a commit 0',
    '175 entry 1@2 10 bytes',
    '221 entry 2@2 10 bytes',
    '267 truncate from 2',
    '303 seal last 1@2',
    '339 end',
  ]);
  assert.deepEqual(
    [...dumpLog(join(dir, 'base'))],
    ['0 base 0@0 first segment 1 members a,b(learner) extra 0 bytes'],
  );
  const bytes = readFileSync(file);
  bytes[230]! ^= 1;
  writeFileSync(file, bytes);
  const lines = [...dumpLog(file)];
  assert.match(lines.at(-1)!, /^!! 221 damaged: unreadable, but a later write follows at byte 267/);
});

/** One random step, the same on both stores. */
function randomChange(random: Prng, log: LogStore): LogWrite {
  const lowest = log.base.index + 1;
  const cut = random.chance(0.2) && log.lastIndex >= lowest;
  const truncateFrom = cut ? random.between(lowest, log.lastIndex) : null;
  const term = log.hardState.term + (cut || random.chance(0.1) ? 1 : 0);
  const from = truncateFrom ?? log.lastIndex + 1;
  const entries = entriesFrom(from, random.between(0, 6), term, random.between(0, 200));
  const hardState = term > log.hardState.term ? { term, vote: 'a', commit: log.base.index } : null;
  return change({ truncateFrom, entries, hardState });
}

function randomStep(random: Prng, stores: readonly LogStore[]): void {
  const log = stores[0]!;
  const compacts = random.chance(0.1) && log.lastIndex > log.base.index;
  const resets = random.chance(0.02);
  const next = randomChange(random, log);
  const index = compacts ? random.between(log.base.index + 1, log.lastIndex) : log.lastIndex + 5;
  const base = baseAt(index, log.term(index) ?? log.hardState.term + 1);
  for (const store of stores) {
    if (compacts) store.compact(base);
    else if (resets) {
      const { commit } = store.hardState;
      store.write(change({ hardState: { term: base.id.term, vote: null, commit } }), () => {});
      store.reset(base, () => {});
    } else store.write(next, () => {});
  }
}

for (const seed of [1, 2, 3, 4, 5, 6]) {
  test(`file and memory agree through random histories (seed ${seed})`, async () => {
    const random = new Prng(seed);
    const dir = scratchDirectory();
    const memory = new MemoryLog({ ...CREATION, onFailure: assert.fail });
    let file = await open(dir, { cacheBytesMax: 700 });
    for (let step = 0; step < 150; step++) {
      randomStep(random, [memory, file]);
      if (random.chance(0.3)) await written(file, {});
      if (random.chance(0.1)) {
        await file.close();
        assert.equal(file.durableIndex, file.lastIndex);
        file = await open(dir, { cacheBytesMax: 700 });
      }
      assert.deepEqual(contents(file), contents(memory), `seed ${seed} step ${step}`);
    }
    await file.close();
  });
}

test('compaction gives whole segments back, and a reset all of them', async () => {
  const dir = scratchDirectory();
  let log = await open(dir);
  await written(log, { entries: entriesFrom(1, 10, 1, 100) });
  for (let i = 0; i < 20; i++) await written(log, { entries: entriesFrom(11 + i * 5, 5, 1, 100) });
  const segments = (): number => readdirSync(dir).filter((name) => name.endsWith('.log')).length;
  assert.ok(segments() > 5);
  log.compact(baseAt(105, 1));
  await log.close();
  assert.ok(segments() <= 3);
  log = await open(copyDirectory(dir));
  await resetTo(log, baseAt(900, 3));
  await log.close();
});
