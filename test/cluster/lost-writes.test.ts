import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lostFilesIn } from '../../src/member/lost-directory.ts';
import { decodeLostFile } from '../../src/member/lost-file.ts';
import { stopAndCompare } from './files.ts';
import { type Cluster, converge, type Scope, startCluster } from './fixture.ts';
import type { Member } from './member.ts';
import { until } from './until.ts';

const LOCAL = { durability: 'local', timeoutMs: 10_000 } as const;
const CLI = 'dist/cli/main.js';

/** A leader that acknowledged writes by itself, was killed, and was replaced by members that have none of them. */
async function startWithLoss(t: Scope): Promise<[Cluster, Member]> {
  const cluster = await startCluster(t, 3, { electionTimeoutMs: 4_000, heartbeatMs: 100 });
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, data)');
  await leader.execute(
    "INSERT INTO t VALUES (1, 'kept', NULL), (2, 'to be changed', 1), (3, 'to go', 2)",
  );
  await converge(cluster.members);
  const others = cluster.others(leader);
  await Promise.all(others.map((other) => other.kill()));
  await leader.execute("INSERT INTO t VALUES (7, 'lost', ?)", ['x'.repeat(20_000)], LOCAL);
  await leader.execute("UPDATE t SET name = 'changed' WHERE id = 2", [], LOCAL);
  await leader.execute('DELETE FROM t WHERE id = 3', [], LOCAL);
  await leader.kill();
  await Promise.all(others.map((other) => other.start()));
  const next = await cluster.leader(others);
  await next.execute("INSERT INTO t VALUES (8, 'instead', 3)");
  return [cluster, leader];
}

test('acknowledged writes that a failover discards are saved with positions, pages and rows, and the member goes on', async (t) => {
  const [cluster, old] = await startWithLoss(t);
  await old.start();
  await converge(cluster.members);
  const dir = join(old.dir, 'lost');
  const [name, ...more] = lostFilesIn(dir);
  assert.deepEqual(more, []);
  const file = decodeLostFile(readFileSync(join(dir, name!)));
  assert.equal(file.entries.length, 3);
  assert.ok(
    file.entries.every(({ mayBeAcknowledged, pages }) => mayBeAcknowledged && pages.size > 0),
  );
  const told = file.rows.map(({ before, after }) => [
    before?.slice(0, 2) ?? null,
    after?.slice(0, 2) ?? null,
  ]);
  assert.deepEqual(
    told.sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other))),
    [
      [
        [2, 'to be changed'],
        [2, 'changed'],
      ],
      [[3, 'to go'], null],
      [null, [7, 'lost']],
    ],
  );
  assert.equal(file.rows.find(({ rowid }) => rowid === 7)!.after![2], 'x'.repeat(20_000));
  await until('the status tells', async () => (await old.status()).lostFiles === 1);
  assert.ok(old.logs.some(({ level, message }) => level === 'warn' && /lost/.test(message)));
  const { rows } = await old.query('SELECT id, name FROM t ORDER BY id');
  assert.deepEqual(rows, [
    [1, 'kept'],
    [2, 'to be changed'],
    [3, 'to go'],
    [8, 'instead'],
  ]);
  const paceline = (...args: string[]) =>
    execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  assert.match(paceline('lost', 'list', old.dir), /transactions 3, perhaps acknowledged 3, rows 3/);
  const shown = paceline('lost', 'show', old.dir, name!);
  assert.match(shown, /deleted t rowid 3/);
  assert.equal(paceline('dump', 'lost', join(dir, name!)), shown);
  paceline('lost', 'discard', old.dir, name!);
  assert.deepEqual(lostFilesIn(dir), []);
  await stopAndCompare(cluster);
});

test('a member that is killed while it comes back has saved what it discards, or still has it', async (t) => {
  const [cluster, old] = await startWithLoss(t);
  for (let round = 0; round < 4; round++) {
    const started = old.start().catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, round * 150));
    await old.kill();
    await started;
  }
  await old.start();
  await converge(cluster.members);
  assert.equal(lostFilesIn(join(old.dir, 'lost')).length, 1);
});

test('without writes below a majority a failover saves nothing', async (t) => {
  const cluster = await startCluster(t, 3);
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE t(v)');
  const others = cluster.others(leader);
  await Promise.all(others.map((other) => other.kill()));
  const write = leader.execute('INSERT INTO t VALUES (1)').catch(() => {});
  await until('it is in the log', async () => {
    const { lastIndex, commitIndex } = await leader.status();
    return lastIndex > commitIndex;
  });
  await leader.kill();
  await write;
  await Promise.all(others.map((other) => other.start()));
  const next = await cluster.leader(others);
  await next.execute('INSERT INTO t VALUES (2)');
  await next.execute('INSERT INTO t VALUES (3)');
  await leader.start();
  await converge(cluster.members);
  assert.deepEqual(lostFilesIn(join(leader.dir, 'lost')), []);
});
