import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import type { ReadOptions } from '../../src/api/read-options.ts';
import { decodeReadAnswer } from '../../src/api/read-wire.ts';
import { PacelineError } from '../../src/index.ts';
import { layoutOf } from '../../src/member/directory.ts';
import { ForwardedReads } from '../../src/member/forwarded-reads.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

/** As `docs/limits.md` has it. */
const SERVED_MAX = 1024;

test('what a member cannot serve in time fails there, and is read at the leader if it may be forwarded', async (t) => {
  const local = new Local(t);
  const [leader, follower] = await local.openAll(['a', 'b', 'c']);
  await leader!.execute('CREATE TABLE t(v)');
  const { id } = await follower!.status();
  const release = await holdWriterLock(layoutOf(local.dir(id)).database, async () => {
    await leader!.execute("INSERT INTO t VALUES ('other')");
  });
  const args = [1, 2n ** 60n, -0.5, null, 'é', new Uint8Array([0, 255])];
  await leader!.execute('INSERT INTO t VALUES (?)', ['last']);
  const sql = "SELECT ?, ?, ?, ?, ?, ?, count(*) FROM t WHERE v = 'last'";
  const after = leader!.token;
  for (const level of ['eventual', 'session'] as const) {
    const here = follower!.query(sql, args, { level, after, timeoutMs: 100 });
    await assert.rejects(here, { code: 'LAGGING', category: 'retryable' });
    const { columns, rows } = await follower!.query(sql, args, { level, after, forward: true });
    assert.deepEqual(rows, [[...args, 1]]);
    assert.equal(columns.length, 7);
  }
  await refusesWhatLacksTooMuch(leader!, follower!);
  const strong = { level: 'strong', forward: true } as const;
  assert.deepEqual((await follower!.query(sql, args, strong)).rows, [[...args, 1]]);
  const named = await follower!.query('SELECT :a AS a', { a: 7 }, strong);
  assert.deepEqual(named.rows, [[7]]);
  await assert.rejects(follower!.query('SELECT nope', [], strong), { code: 'SQL' });
  await assert.rejects(follower!.query('DELETE FROM t', [], strong), { code: 'READ_ONLY' });
  // What was read at the leader has been seen by this handle, so its own copy must have it from now on.
  const later = follower!.query(sql, args, { timeoutMs: 100 });
  await assert.rejects(later, { code: 'LAGGING' });
  release();
  assert.deepEqual((await follower!.query(sql, args)).rows, [[...args, 1]]);
});

test('an answer to a read of an earlier process of the same member is nobody’s answer', () => {
  const [toLeader, toAsker]: Uint8Array[][] = [[], []];
  const answers: number[] = [];
  const make = (self: string, incarnation: number, to: Uint8Array[]) =>
    new ForwardedReads({
      ...{ self, incarnation, leader: () => 'a', serve: () => {} },
      send: (_to, _channel, parts) => to!.push(Uint8Array.from(parts.flatMap((p) => [...p]))) > 0,
      answer: (key) => answers.push(key),
    });
  const leader = make('a', 1, toAsker!);
  make('b', 2, toLeader!).forward(1, new Uint8Array(1));
  leader.onRead('b', toLeader!.shift()!);
  const restarted = make('b', 3, toLeader!);
  restarted.forward(1, new Uint8Array(1));
  leader.served(1, new Uint8Array(1));
  restarted.onReply('a', toAsker!.shift()!);
  assert.deepEqual(answers, []);
  leader.onRead('b', toLeader!.shift()!);
  leader.served(2, new Uint8Array(1));
  restarted.onReply('a', toAsker!.shift()!);
  assert.deepEqual(answers, [1]);
});

test('a leader has so many reads of others under way; more are refused, retryably, until some are served', () => {
  const asked: Uint8Array[] = [];
  const serving: number[] = [];
  const replies: Uint8Array[] = [];
  const copy = (parts: readonly Uint8Array[]) => Uint8Array.from(parts.flatMap((p) => [...p]));
  const shared = { incarnation: 1, leader: () => 'a', answer: () => {} };
  const member = new ForwardedReads({
    ...{ ...shared, self: 'b', serve: () => {} },
    send: (_to, _channel, parts) => asked.push(copy(parts)) > 0,
  });
  const leader = new ForwardedReads({
    ...{ ...shared, self: 'a', serve: (key: number) => serving.push(key) },
    send: (_to, _channel, parts) => replies.push(copy(parts)) > 0,
  });
  for (let key = 1; key <= SERVED_MAX + 2; key++) member.forward(key, new Uint8Array(1));
  for (const read of asked.slice(0, SERVED_MAX)) leader.onRead('b', read);
  assert.deepEqual([serving.length, replies.length], [SERVED_MAX, 0]);
  leader.onRead('b', asked[SERVED_MAX]!);
  const [refusal] = replies;
  // Behind its number, and that it is an answer.
  const read = decodeReadAnswer(refusal!.subarray(13));
  assert.ok('error' in read);
  const { code, category } = PacelineError.fromRecord(read.error);
  assert.deepEqual([code, category], ['OVERLOADED', 'retryable']);
  leader.served(serving[0]!, new Uint8Array(1));
  leader.onRead('b', asked[SERVED_MAX + 1]!);
  assert.equal(serving.length, SERVED_MAX + 1);
});

/** Of a copy that is held where it is: it serves by `maxLagEntries` what lacks no more than that. */
async function refusesWhatLacksTooMuch(
  leader: LocalDatabase,
  follower: LocalDatabase,
): Promise<void> {
  // One entry each, as each waits for the one before.
  for (let i = 0; i < 20; i++) await leader.execute('INSERT INTO t VALUES (?)', [`more ${i}`]);
  const read = (options: ReadOptions) =>
    follower.query("SELECT count(*) FROM t WHERE v LIKE 'more %'", [], options);
  const lagging = { code: 'LAGGING', category: 'retryable', message: /\d+ behind/ };
  // First, as it has the follower ask what is committed now: entries are counted from what it heard within an election timeout.
  const both = { maxLagEntries: 1000, maxLagMs: 0, timeoutMs: 100 };
  await assert.rejects(read(both), lagging, 'with both bounds, both count');
  await assert.rejects(read({ maxLagEntries: 19, timeoutMs: 100 }), lagging);
  const { rows } = await read({ maxLagEntries: 1000, timeoutMs: 60_000 });
  assert.deepEqual(rows, [[0]]);
  const there = await read({ maxLagEntries: 0, forward: true });
  assert.deepEqual(there.rows, [[20]]);
}

/** Holds SQLite's writer lock of a follower, which so cannot apply; it can be had while that renews it. */
async function holdWriterLock(path: string, write: () => Promise<void>): Promise<() => void> {
  const connection = new DatabaseSync(path, { timeout: 20 });
  await until('the lock is ours', async () => {
    await write();
    connection.exec('BEGIN IMMEDIATE');
    return true;
  });
  return () => {
    connection.exec('ROLLBACK');
    connection.close();
  };
}
