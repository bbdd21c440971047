import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { TransactionMode } from '../../src/api/transaction.ts';
import { PacelineError } from '../../src/index.ts';
import { converge } from './fixture.ts';
import type { Member } from './member.ts';
import { MemberDied } from './member.ts';
import { progress, startWithTable } from './steps.ts';
import { until } from './until.ts';
import { Workload } from './workload.ts';

const READ = 'SELECT key FROM w';

async function executedButNotCommitted(leader: Member): Promise<void> {
  await until('an entry that is not committed', async () => {
    const { lastIndex, commitIndex } = await leader.status();
    return lastIndex > commitIndex;
  });
}

/** What a read returns, or the code of its error. */
function read(member: Member): Promise<unknown> {
  return member.query(READ).then(
    ({ rows }) => rows.flat(),
    (error: PacelineError) => error.code,
  );
}

test('a leader without a majority never shows a row that is not committed; once it is, it does', async (t) => {
  const cluster = await startWithTable(t, 3, { writeTimeoutMs: 2_000, readTimeoutMs: 2_000 });
  const leader = await cluster.leader();
  const followers = cluster.others(leader);
  await leader.execute("INSERT INTO w(key) VALUES ('committed')");
  await converge(cluster.members);
  for (const follower of followers) follower.pause();
  const write = leader.execute("INSERT INTO w(key) VALUES ('pending')", [], { timeoutMs: 30_000 });
  await executedButNotCommitted(leader);
  const reads = await Promise.all(Array.from({ length: 20 }, () => read(leader)));
  for (const result of reads)
    assert.ok(result === 'NOT_READY' || assertCommitted(result), `a read gave ${result}`);
  for (const follower of followers) follower.resume();
  await write;
  await converge(cluster.members);
  for (const member of cluster.members)
    assert.deepEqual(await read(member), ['committed', 'pending']);
});

function assertCommitted(result: unknown): boolean {
  assert.deepEqual(result, ['committed']);
  return true;
}

test('a row that a leader executed and a successor discarded was never shown, also not while it was discarded', async (t) => {
  const cluster = await startWithTable(t, 3, { writeTimeoutMs: 5_000, readTimeoutMs: 5_000 });
  const old = await cluster.leader();
  const others = cluster.others(old);
  await old.execute("INSERT INTO w(key) VALUES ('committed')");
  await converge(cluster.members);
  for (const other of others) await other.kill();
  const discarded = old
    .execute("INSERT INTO w(key) VALUES ('discarded')", [], { timeoutMs: 200 })
    .then(
      () => 'done',
      (error: PacelineError) => error.code,
    );
  await executedButNotCommitted(old);
  const seen: unknown[] = [];
  let reading = true;
  t.after(() => {
    reading = false;
  });
  const reader = (async () => {
    while (reading) seen.push(await read(old));
  })();
  assert.equal(await discarded, 'OUTCOME_UNKNOWN');
  old.pause();
  for (const other of others) await other.start();
  const successor = await cluster.leader(others);
  await successor.execute("INSERT INTO w(key) VALUES ('successor')");
  old.resume();
  await converge(cluster.members);
  reading = false;
  await reader;
  assert.deepEqual(await read(old), ['committed', 'successor']);
  for (const result of seen)
    if (Array.isArray(result)) assert.equal(result.includes('discarded'), false);
    else assert.equal(result, 'NOT_READY');
});

/** What a transaction's statement returns, or the code of the error that it, or its beginning, ends in. */
async function step(
  member: Member,
  mode: TransactionMode,
  sql: string,
  timeoutMs = 2_000,
): Promise<unknown> {
  try {
    const tx = await member.begin(mode, { timeoutMs });
    const rows = tx.execute(sql).then((result) => result.rows.flat());
    await rows.then(tx.rollback, tx.rollback);
    return await rows;
  } catch (error) {
    assert.ok(error instanceof PacelineError, String(error));
    return error.code;
  }
}

test('a transaction on a leader without a majority never shows what is not committed, nor says so by an error; once it is, it does', async (t) => {
  const cluster = await startWithTable(t, 3, { transactionTimeoutMs: 30_000 });
  const leader = await cluster.leader();
  const followers = cluster.others(leader);
  await leader.execute('CREATE UNIQUE INDEX once ON w(key)');
  await leader.execute("INSERT INTO w(key) VALUES ('committed')");
  await converge(cluster.members);
  for (const follower of followers) follower.pause();
  const write = leader.execute("INSERT INTO w(key) VALUES ('pending')", [], { timeoutMs: 60_000 });
  await executedButNotCommitted(leader);
  const again = "INSERT INTO w(key) VALUES ('pending') RETURNING key";
  const modes: readonly TransactionMode[] = ['write', 'deferred', 'read'];
  const steps = modes.flatMap((mode) => [step(leader, mode, READ), step(leader, mode, again)]);
  for (const result of await Promise.all(steps))
    if (Array.isArray(result)) assert.deepEqual(result, ['committed']);
    else assert.match(String(result), /^(TIMED_OUT|NOT_READY|READ_ONLY)$/);
  for (const follower of followers) follower.resume();
  await write;
  await converge(cluster.members);
  for (const member of cluster.members)
    for (const mode of modes) {
      assert.deepEqual(await step(member, mode, READ, 60_000), ['committed', 'pending']);
      const taken = mode === 'read' ? 'READ_ONLY' : 'SQL';
      assert.equal(await step(member, mode, again, 60_000), taken);
    }
});

test('transactions at a leader that is deposed fail, to be run again, or begin at its successor; none shows what was discarded', async (t) => {
  const cluster = await startWithTable(t, 3, { transactionTimeoutMs: 60_000 });
  const old = await cluster.leader();
  const others = cluster.others(old);
  await old.execute("INSERT INTO w(key) VALUES ('committed')");
  await converge(cluster.members);
  const open = await old.begin('write');
  await open.execute("INSERT INTO w(key) VALUES ('never')");
  for (const other of others) await other.kill();
  const doomed = open.commit();
  const discarded = old.execute("INSERT INTO w(key) VALUES ('discarded')", [], { timeoutMs: 200 });
  await assert.rejects(discarded, { category: 'unknown-outcome' });
  const waiting = (['write', 'deferred'] as const).map((mode) => step(old, mode, READ, 60_000));
  old.pause();
  for (const other of others) await other.start();
  const successor = await cluster.leader(others);
  await successor.execute("INSERT INTO w(key) VALUES ('successor')");
  old.resume();
  const aborted = { code: 'TRANSACTION_ABORTED', category: 'retryable' };
  await assert.rejects(doomed, aborted);
  await assert.rejects(open.query(READ), aborted);
  for (const result of await Promise.all(waiting))
    assert.deepEqual(result, ['committed', 'successor']);
  await converge(cluster.members);
  for (const member of cluster.members)
    assert.deepEqual(await step(member, 'write', READ, 60_000), ['committed', 'successor']);
});

test('whatever any read on any member saw while leaders were killed and stood still is in the database at the end', async (t) => {
  const cluster = await startWithTable(t, 3, { electionTimeoutMs: 500, heartbeatMs: 50 });
  await converge(cluster.members);
  const work = new Workload();
  work.through(cluster.members, 8);
  const seen = new Set<unknown>();
  let reading = true;
  t.after(() => {
    reading = false;
  });
  const readers = cluster.members.map(async (member) => {
    while (reading) await readNewest(member, seen);
  });
  for (const way of ['kill', 'pause', 'kill']) {
    await progress(work, 200);
    const leader = await cluster.leader();
    if (way === 'kill') await leader.kill();
    else leader.pause();
    await cluster.leader(cluster.others(leader));
    await progress(work, 50);
    if (way === 'pause') leader.resume();
    else await leader.start().then(() => work.through([leader], 8));
  }
  await work.stop();
  await converge(cluster.members);
  reading = false;
  await Promise.all(readers);
  const { rows } = await cluster.members[0]!.query(READ);
  const there = new Set(rows.flat());
  assert.ok(seen.size > 100, 'the readers saw something');
  assert.deepEqual(
    [...seen].filter((key) => !there.has(key as string)),
    [],
  );
  await work.verify(cluster.members[0]!);
});

/** A dead member has no readers; it gets some again when it is back. */
async function readNewest(member: Member, seen: Set<unknown>): Promise<void> {
  try {
    if (!member.running) return void (await delay(10));
    const { rows } = await member.query(`${READ} ORDER BY n DESC LIMIT 50`);
    for (const [key] of rows) seen.add(key);
  } catch (error) {
    if (error instanceof MemberDied) return;
    if (error instanceof PacelineError && error.code === 'NOT_READY') return;
    throw error;
  }
}
