import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import {
  baseAt,
  type Contents,
  contents,
  entriesFrom,
  open,
  resetTo,
  written,
} from './fixtures.ts';
import { copyDirectory, scratchDirectory } from './scratch.ts';

/**
 * The directories that a crash can leave between `before` and `after`, in the order of the store's
 * steps:
 * new segments appear (first under a temporary name), the base file is replaced, old segments go.
 */
function* crashStates(before: string, after: string): Generator<{ step: string; dir: string }> {
  const dir = copyDirectory(before);
  const had = readdirSync(before).filter((name) => name.endsWith('.log'));
  const has = readdirSync(after).filter((name) => name.endsWith('.log'));
  const state = (step: string): { step: string; dir: string } => ({
    step,
    dir: copyDirectory(dir),
  });
  yield state('nothing done');
  for (const name of has) {
    const bytes = readFileSync(join(after, name));
    if (had.includes(name) && readFileSync(join(before, name)).equals(bytes)) continue;
    writeFileSync(join(dir, `${name}.tmp`), bytes.subarray(0, bytes.length / 2));
    yield state(`half of ${name}`);
    rmSync(join(dir, `${name}.tmp`));
    writeFileSync(join(dir, name), Buffer.concat([bytes.subarray(0, 32), Buffer.alloc(400)]));
    yield state(`${name} prepared`);
    writeFileSync(join(dir, name), bytes.subarray(0, 60));
    yield state(`start of ${name} torn`);
    writeFileSync(join(dir, name), bytes);
    yield state(`${name} written`);
  }
  writeFileSync(join(dir, 'base.tmp'), readFileSync(join(after, 'base')).subarray(0, 20));
  yield state('half of base.tmp');
  rmSync(join(dir, 'base.tmp'));
  copyFileSync(join(after, 'base'), join(dir, 'base'));
  yield state('base replaced');
  for (const name of had.filter((each) => !has.includes(each))) {
    rmSync(join(dir, name));
    yield state(`${name} removed`);
  }
}

async function contentsOf(dir: string): Promise<Contents> {
  const log = await open(dir, { segmentBytesMax: 500 });
  const found = contents(log);
  // It must also work on: the next write is there after one more opening.
  const next = entriesFrom(log.lastIndex + 1, 1, 50);
  await written(log, { entries: next });
  await log.close();
  const again = await open(dir, { segmentBytesMax: 500 });
  assert.deepEqual(contents(again).entries, [...found.entries, ...next]);
  await again.close();
  return found;
}

async function severalSegments(): Promise<string> {
  const dir = scratchDirectory();
  const log = await open(dir, { segmentBytesMax: 500 });
  const hardState = { term: 1, vote: 'b', commit: 4 };
  for (let i = 0; i < 10; i++) {
    await written(log, { entries: entriesFrom(i * 3 + 1, 3, 1, 30), hardState });
  }
  await log.close();
  return dir;
}

test('a crash at any step of a compaction leaves the old base or the new one', async () => {
  const before = await severalSegments();
  const after = copyDirectory(before);
  const log = await open(after, { segmentBytesMax: 500 });
  rmSync(before, { recursive: true });
  cpSync(after, before, { recursive: true });
  log.compact(baseAt(20, 1, 'new'));
  await log.close();
  const hardState = { term: 1, vote: 'b', commit: 4 };
  const old = { hardState, base: baseAt(0, 0), entries: entriesFrom(1, 30, 1, 30) };
  const now = { hardState, base: baseAt(20, 1, 'new'), entries: entriesFrom(21, 10, 1, 30) };
  for (const { step, dir } of crashStates(before, after)) {
    const replaced = /base replaced|removed/.test(step);
    assert.deepEqual(await contentsOf(dir), replaced ? now : old, step);
  }
});

test('a crash at any step of a reset leaves the old log or the new one', async () => {
  const before = await severalSegments();
  const after = copyDirectory(before);
  const log = await open(after, { segmentBytesMax: 500 });
  rmSync(before, { recursive: true });
  cpSync(after, before, { recursive: true });
  await resetTo(log, baseAt(77, 8, 'new'));
  const reset = copyDirectory(after);
  await log.close();
  const hardState = { term: 1, vote: 'b', commit: 4 };
  const old = { hardState, base: baseAt(0, 0), entries: entriesFrom(1, 30, 1, 30) };
  const now = { hardState, base: baseAt(77, 8, 'new'), entries: [] };
  for (const { step, dir } of crashStates(before, reset)) {
    const replaced = /base replaced|removed/.test(step);
    assert.deepEqual(await contentsOf(dir), replaced ? now : old, step);
  }
});

test('a crash at any step of the creation leaves a log that is created again or complete', async () => {
  const empty = scratchDirectory();
  const after = scratchDirectory();
  await (await open(after, { segmentBytesMax: 500 })).close();
  const dir = copyDirectory(empty);
  const segment = '0000000000000001.log';
  const bytes = readFileSync(join(after, segment));
  const tries = { half: bytes.subarray(0, 200), torn: bytes.subarray(0, 60), whole: bytes };
  writeFileSync(join(dir, `${segment}.tmp`), tries.half);
  assert.deepEqual((await contentsOf(copyDirectory(dir))).entries, []);
  rmSync(join(dir, `${segment}.tmp`));
  const started = bytes.subarray(0, 97);
  for (const content of [tries.torn, Buffer.concat([started, Buffer.alloc(100)])]) {
    writeFileSync(join(dir, segment), content);
    assert.deepEqual((await contentsOf(copyDirectory(dir))).entries, []);
  }
});

/** Lines `index` of entries that the child has been told are durable, until it is killed. */
async function runUntilKilled(dir: string, acknowledgements: number): Promise<number> {
  const script = join(import.meta.dirname, `append-until-killed${extname(import.meta.filename)}`);
  const child: ChildProcess = spawn(process.execPath, [script, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  let acknowledged = 0;
  let lines = 0;
  for await (const line of createInterface({ input: child.stdout! })) {
    acknowledged = Number(line);
    if (++lines === acknowledgements) child.kill('SIGKILL');
  }
  await exited;
  return acknowledged;
}

test('what was done before a kill -9 is there afterwards', async () => {
  const dir = scratchDirectory();
  const random = new Prng(7);
  for (let round = 0; round < 4; round++) {
    const acknowledged = await runUntilKilled(dir, random.between(20, 400));
    const log = await open(dir, { segmentBytesMax: 8192 });
    assert.ok(log.lastIndex >= acknowledged, `${log.lastIndex} of ${acknowledged}`);
    const first = log.base.index + 1;
    for (const each of log.entries(first, log.lastIndex, Infinity)) {
      assert.deepEqual(each, entriesFrom(each.index, 1, each.term, 120)[0]);
    }
    await log.close();
  }
});
