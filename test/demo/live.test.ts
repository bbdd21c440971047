import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { DEMO, makeDirectory, startDemo } from './run-exercise.ts';

const LINE_MS = 60_000;
const GONE_MS = 30_000;
const POLL_MS = 25;

let dir: string;
let demo: ChildProcess;
const lines: string[] = [];

beforeEach(() => {
  dir = makeDirectory();
  lines.length = 0;
  demo = startDemo(DEMO, dir);
  createInterface({ input: demo.stdout! }).on('line', (line) => lines.push(line));
});

afterEach(() => {
  demo.kill('SIGKILL');
  rmSync(dir, { recursive: true, maxRetries: 5 });
});

/** The first line from `from` on that matches. */
async function lineLike(pattern: RegExp, from = 0): Promise<string> {
  const deadline = performance.now() + LINE_MS;
  while (performance.now() < deadline) {
    const found = lines.slice(from).find((line) => pattern.test(line));
    if (found !== undefined) return found;
    assert.equal(demo.exitCode, null, `it ended without ${pattern}:\n${lines.join('\n')}`);
    await delay(POLL_MS);
  }
  assert.fail(`no line like ${pattern}:\n${lines.join('\n')}`);
}

/** All three members' processes, as a status line shows them. */
async function memberPids(): Promise<number[]> {
  const line = await lineLike(/(pid \d+.*){3}/);
  return [...line.matchAll(/pid (\d+)/g)].map(([, pid]) => Number(pid));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
    return false;
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + GONE_MS;
  while (pids.some(isRunning)) {
    assert.ok(performance.now() < deadline, `still running: ${pids.filter(isRunning)}`);
    await delay(POLL_MS);
  }
}

test('the view shows a takeover after the leader was killed, and that nothing acknowledged was lost', async () => {
  await memberPids();
  const hint = await lineLike(/kill -9 \d+/);
  process.kill(Number(/kill -9 (\d+)/.exec(hint)![1]), 'SIGKILL');
  await lineLike(/died, leading term \d+/);
  await lineLike(/leads term \d+; writers waited \d+ ms at most/);
  await lineLike(/looked up [\d,]+ acknowledged writes: 0 lost, 0 duplicated/);
  demo.kill('SIGINT');
  await once(demo, 'exit');
  assert.match(lines.at(-1)!, /all members are stopped; their data stays in /);
});

test('Ctrl-C stops the members', async () => {
  const pids = await memberPids();
  demo.kill('SIGINT');
  const [status] = await once(demo, 'exit');
  assert.equal(status, 130);
  assert.deepEqual(pids.filter(isRunning), []);
});

test('the members go when the demo is killed', async () => {
  const pids = await memberPids();
  demo.kill('SIGKILL');
  await untilGone(pids);
});
