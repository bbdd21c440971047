import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { freePorts } from '../../bench/free-ports.ts';
import type { OpenOptions } from '../../src/index.ts';
import { until } from '../cluster/until.ts';

/** Far above what a process takes to end on a busy machine. */
const PATIENCE_MS = 60_000;

const PROGRAM = resolve(import.meta.dirname, '../../bench/member-process.js');
const scratch = mkdtempSync(join(tmpdir(), 'paceline-bench-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));

/** Starts a member, lets go of it when `soon` says so, and resolves when it has ended by itself. */
async function endsAlone(
  options: OpenOptions,
  soon: () => Promise<unknown> = async () => {},
): Promise<void> {
  const child = fork(PROGRAM, [JSON.stringify(options)], { stdio: 'ignore' });
  await soon();
  child.disconnect();
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
  const [, signal] = await once(child, 'exit');
  clearTimeout(late);
  assert.equal(signal, null, 'it outlived its parent');
}

/** Of a member that waits for the others, which never come. */
async function memberOptions(name: string): Promise<OpenOptions> {
  const [a, b] = await freePorts(2);
  const members = { a: `127.0.0.1:${a}`, b: `127.0.0.1:${b}` };
  return { dir: join(scratch, name), id: 'a', members, cluster: 'bench' };
}

test('a member whose parent goes at once does not stay', async () => {
  await endsAlone(await memberOptions('at-once'));
});

test('a member whose parent goes while it opens does not stay', async () => {
  const options = await memberOptions('while-opening');
  await endsAlone(options, () =>
    until('the member to make its directory', () => existsSync(options.dir)),
  );
});
