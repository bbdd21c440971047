import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { lostFilesIn } from '../../src/member/lost-directory.ts';
import { decodeLostFile } from '../../src/member/lost-file.ts';
import { stopAndCompare } from './files.ts';
import {
  type Cluster,
  type ClusterOptions,
  converge,
  type Scope,
  startCluster,
} from './fixture.ts';
import type { LogLine } from './ipc.ts';
import type { Member } from './member.ts';
import { until } from './until.ts';

const LOCAL = { durability: 'local', timeoutMs: 10_000 } as const;
const CLI = 'dist/cli/main.js';

/** A leader that acknowledged writes by itself, was killed, and was replaced by members that have none of them. */
async function startWithLoss(t: Scope, options: ClusterOptions = {}): Promise<[Cluster, Member]> {
  // Until it is killed it leads, without a majority, however long the writes take here.
  const patience = { electionTimeoutMs: 60_000 };
  const cluster = await startCluster(t, 3, { ...patience, ...options });
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, data)');
  await leader.execute('CREATE TABLE words(name TEXT PRIMARY KEY, n, w) WITHOUT ROWID');
  await leader.execute(
    "INSERT INTO t VALUES (1, 'kept', NULL), (2, 'to be changed', 1), (3, 'to go', 2)",
  );
  await converge(cluster.members);
  const others = cluster.others(leader);
  await Promise.all(others.map((other) => other.kill()));
  await leader.execute("INSERT INTO t VALUES (7, 'lost', ?)", ['x'.repeat(20_000)], LOCAL);
  await leader.execute("UPDATE t SET name = 'changed' WHERE id = 2", [], LOCAL);
  const both = [
    'DELETE FROM t WHERE id = 3',
    "INSERT INTO words(n, w, name) VALUES (1, 'word', 'one')",
  ];
  await leader.batch(
    both.map((sql) => ({ sql })),
    LOCAL,
  );
  await leader.kill();
  for (const member of cluster.members)
    member.options = { ...member.options, electionTimeoutMs: 1_000 };
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
      [null, ['one', 1]],
      [null, [7, 'lost']],
    ],
  );
  assert.equal(file.rows.find(({ rowid }) => rowid === 7)!.after![2], 'x'.repeat(20_000));
  await until('the status tells', async () => (await old.status()).lostFiles === 1);
  const isEvent = ({ fields }: LogLine) => 'event' in fields && fields.event === 'lost-writes';
  const [event, ...moreEvents] = old.logs.filter(isEvent);
  assert.deepEqual(moreEvents, []);
  assert.equal(event!.level, 'warn');
  assert.match(event!.message, /discarded 3 transactions.*"paceline lost"/);
  const { rows } = await old.query('SELECT id, name FROM t ORDER BY id');
  assert.deepEqual(rows, [
    [1, 'kept'],
    [2, 'to be changed'],
    [3, 'to go'],
    [8, 'instead'],
  ]);
  const paceline = (...args: string[]) =>
    execFileSync(process.execPath, [CLI, ...args], { encoding: 'utf8' });
  assert.match(paceline('lost', 'list', old.dir), /transactions 3, perhaps acknowledged 3, rows 4/);
  const shown = paceline('lost', 'show', old.dir, name!);
  assert.match(shown, /deleted t rowid 3/);
  assert.match(shown, /inserted words: \{"name":"one","n":1,"w":"word"\}/);
  assert.equal(paceline('dump', 'lost', join(dir, name!)), shown);
  paceline('lost', 'discard', old.dir, name!);
  assert.deepEqual(lostFilesIn(dir), []);
  await stopAndCompare(cluster);
});

test('a member that is killed while it comes back has saved what it discards, or still has it', async (t) => {
  const [cluster, old] = await startWithLoss(t);
  const dir = join(old.dir, 'lost');
  const moments: [string, (isOpen: boolean) => boolean][] = [
    ['it runs', () => old.running],
    ['it is open', (isOpen) => isOpen],
    ['something of it is being saved', () => existsSync(dir)],
    ['it is saved', () => lostFilesIn(dir).length > 0],
  ];
  for (const [what, isNow] of moments) {
    let isOpen = false;
    const started = old.start().then(
      () => {
        isOpen = true;
      },
      () => {},
    );
    await until(what, () => isNow(isOpen));
    await old.kill();
    await started;
  }
  await old.start();
  await converge(cluster.members);
  assert.equal(lostFilesIn(dir).length, 1);
});

test('a member so far behind that it gets a snapshot saves first what that discards, killed or not', async (t) => {
  const [cluster, old] = await startWithLoss(t, {
    logKeepBytes: 65_536,
    segmentBytesMax: 65_536,
    checkpointWalBytes: 2 ** 20,
  });
  const next = await cluster.leader(cluster.others(old));
  const { lastIndex } = await next.status();
  await until('the log has moved on', async () => {
    await next.execute('INSERT INTO t(data) VALUES (randomblob(30000))');
    return (await next.status()).firstIndex > lastIndex;
  });
  const dir = join(old.dir, 'lost');
  const started = old.start().catch(() => {});
  await until('it is saved', () => lostFilesIn(dir).length > 0);
  await old.kill();
  await started;
  await old.start();
  await converge(cluster.members);
  assert.ok(
    old.logs.some(({ message }) => /was fetched/.test(message)),
    'it got a snapshot',
  );
  const [name, ...more] = lostFilesIn(dir);
  assert.deepEqual(more, []);
  const { entries, rows, untold } = decodeLostFile(readFileSync(join(dir, name!)));
  assert.equal(entries.length, 3);
  assert.deepEqual(untold, []);
  assert.deepEqual(
    rows.map(({ after }) => after?.[1]).sort(),
    ['changed', 'lost', 1, undefined].sort(),
  );
  await stopAndCompare(cluster);
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
