import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PacelineError, type Status } from '../../src/index.ts';
import { freeAddresses } from './addresses.ts';
import type { Scope } from './fixture.ts';
import { Member } from './member.ts';
import { until } from './until.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

interface Served {
  readonly id: string;
  readonly url: string;
  readonly child: ChildProcess;
}

/** Three members as an operator starts them. */
async function serveThree(t: Scope) {
  const base = mkdtempSync(join(tmpdir(), 'paceline-served-'));
  const children: ChildProcess[] = [];
  t.after(async () => {
    await Promise.all(children.map(end));
    rmSync(base, { recursive: true, force: true });
  });
  const secret = join(base, 'secret');
  writeFileSync(secret, 'a secret that is long enough to be one', { mode: 0o600 });
  const members = await freeAddresses(['a', 'b', 'c']);
  const http = await freeAddresses(['a', 'b', 'c']);
  const list = Object.entries(members).flatMap(([id, address]) => ['--member', `${id}=${address}`]);
  const serve = async (id: string): Promise<Served> => {
    const flags = ['--dir', join(base, id), '--id', id, '--listen', members[id]!, ...list];
    const args = [MAIN, 'serve', ...flags, '--http', http[id]!, '--secret-file', secret];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    const first = once(createInterface({ input: child.stdout }), 'line');
    const ended = once(child, 'exit').then(() => assert.fail(`${id} ended before it was ready`));
    await Promise.race([first, ended]);
    ended.catch(() => {});
    return { id, url: `http://${http[id]}`, child };
  };
  return { base, members, serve, all: await Promise.all(['a', 'b', 'c'].map(serve)) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function post(to: Served, path: string, body: object) {
  const response = await fetch(to.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, json: (await response.json()) as Record<string, unknown> };
}

async function statusOf(member: Served): Promise<Status> {
  return (await fetch(`${member.url}/status`)).json() as Promise<Status>;
}

function leaderOf(all: readonly Served[]): Promise<Served> {
  return until('a leader that all know', async () => {
    const statuses = await Promise.all(all.map(statusOf));
    const leads = statuses.find(({ role }) => role === 'leader');
    const agree = statuses.every(({ leader }) => leader === leads?.id);
    return agree && all.find(({ id }) => id === leads?.id);
  });
}

test('three served members take writes through any, survive kill -9 of the leader, and answer a repeated id the same', async (t) => {
  const { all, serve } = await serveThree(t);
  const leader = await leaderOf(all);
  const others = all.filter((member) => member !== leader);
  const made = await post(others[0]!, '/execute', {
    sql: 'CREATE TABLE t(n INTEGER PRIMARY KEY, v)',
  });
  assert.equal(made.status, 200);
  const insert = { sql: 'INSERT INTO t(v) VALUES (?) RETURNING n, v', args: ['x'], id: 'once' };
  const first = await post(others[1]!, '/execute', insert);
  assert.deepEqual(first.json.rows, [[1, 'x']]);
  await end(leader.child);
  const again = await post(others[0]!, '/execute', insert);
  assert.equal(again.status, first.status);
  // How long it took, and who has it by now, is each call's own.
  const { elapsedMs, reached, ...answer } = first.json;
  assert.deepEqual({ ...again.json, elapsedMs, reached }, { ...answer, elapsedMs, reached });
  const back = await serve(leader.id);
  const now = [...others, back];
  await leaderOf(now);
  const { json } = await post(others[0]!, '/execute', { sql: "INSERT INTO t(v) VALUES ('y')" });
  const { index } = json.position as { index: number };
  for (const member of now) {
    await until('it has everything', async () => (await statusOf(member)).appliedIndex >= index);
    const { json } = await post(member, '/query', { sql: 'SELECT v FROM t ORDER BY n' });
    assert.deepEqual(json.rows, [['x'], ['y']]);
  }
});

test('a directory that another process has open is refused', async (t) => {
  const { base, members } = await serveThree(t);
  const second = new Member({ dir: join(base, 'a'), id: 'a', members });
  t.after(() => second.kill());
  await assert.rejects(second.start(), (error) => {
    assert.ok(error instanceof PacelineError, String(error));
    assert.equal(error.code, 'DIRECTORY_IN_USE');
    return true;
  });
});

test('served members stop on SIGTERM with status 0, all at once', async (t) => {
  const { all } = await serveThree(t);
  await leaderOf(all);
  const exits = all.map(({ child }) => once(child, 'exit'));
  for (const { child } of all) child.kill('SIGTERM');
  assert.deepEqual(await Promise.all(exits), [
    [0, null],
    [0, null],
    [0, null],
  ]);
});
