import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import type { LocalDatabase } from '../../src/api/database.ts';
import { decodeToken, encodeToken } from '../../src/api/token.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import { PacelineError } from '../../src/index.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

const MAX = 24;
const SNAPSHOTS_MAX = 2;
const LIMITS = { writeQueueMax: MAX, readQueueMax: MAX, snapshotsMax: SNAPSHOTS_MAX };
const PATIENT = { transactionTimeoutMs: 300_000, writeTimeoutMs: 300_000, readTimeoutMs: 300_000 };
const INSERT = 'INSERT INTO t VALUES (1)';

type Call = (signal: AbortSignal) => Promise<unknown>;
type Rows = Readonly<Record<string, Call>>;

async function* silence(): AsyncGenerator<SqlArgs> {
  yield [1];
  await new Promise<never>(() => {});
}

/** What a read can wait for as long as it likes. */
function neverReached(db: LocalDatabase): string {
  const { term, index } = decodeToken(db.token);
  return encodeToken({ term, index: index + 1_000_000 });
}

/** Calls that read, none of which can be served, at each level, and whatever else holds a state. */
function reading(db: LocalDatabase, after: string): Rows {
  const levels = [{ level: 'eventual' }, { level: 'session' }, { level: 'strong' }] as const;
  const all = [...levels, { maxLagMs: 300_000 }, { maxLagEntries: 1000 }];
  const rows: Record<string, Call> = {};
  for (const level of [...all, { worker: true }, { forward: true }]) {
    const options = { ...level, after };
    const name = JSON.stringify(level);
    rows[`query ${name}`] = (signal) => db.query('SELECT 1', [], { ...options, signal });
    if ('forward' in level) continue;
    rows[`snapshot ${name}`] = (signal) => db.snapshot(() => 1, { ...options, signal });
    rows[`read transaction ${name}`] = (signal) => db.transaction('read', { ...options, signal });
  }
  rows['a snapshot at work'] = (signal) =>
    db.snapshot(() => new Promise<never>(() => {}), { signal });
  return rows;
}

/** Calls that wait for the writer, which somebody else has. */
function writing(db: LocalDatabase): Rows {
  const statements = [{ sql: INSERT }, { sql: INSERT }];
  const rows: Record<string, Call> = {
    batch: (signal) => db.batch(statements, { signal }),
    load: (signal) => db.load('INSERT INTO t VALUES (?)', [[1], [2]], { signal }),
    outcome: (signal) => db.outcome('nothing bears this id', { signal }),
  };
  for (const durability of [undefined, 'quorum', 'local', 'all', 2, ['a']] as const)
    rows[`execute ${durability}`] = (signal) =>
      db.execute(INSERT, [], durability === undefined ? { signal } : { signal, durability });
  return rows;
}

/** The same, of which the leader is told when they are given up. */
function beginning(db: LocalDatabase): Rows {
  return {
    'a load of a silent source': (signal) =>
      db.load('INSERT INTO t VALUES (?)', silence(), { signal, chunkItems: 2 }),
    'transaction write': (signal) => db.transaction('write', { signal }),
    'function form': (signal) => db.transaction((tx) => tx.execute(INSERT), { signal }),
    'first step of a deferred one': async (signal) => {
      const tx = await db.transaction('deferred', { signal });
      return tx.execute(INSERT);
    },
  };
}

/** It ends in the signal's reason, or, where it may have been done, in OUTCOME_UNKNOWN. */
async function givenUp(name: string, call: Call, mayBeDone: boolean): Promise<void> {
  const reason = new Error(`enough of ${name}`);
  const before = new AbortController();
  before.abort(reason);
  await assert.rejects(call(before.signal), (error) => error === reason, `${name}, before`);
  const during = new AbortController();
  let over = false;
  const called = call(during.signal);
  called
    .catch(() => {})
    .finally(() => {
      over = true;
    });
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(over, false, `${name} waits`);
  during.abort(reason);
  const ended = await called.then(
    () => 'done',
    (error: unknown) => error,
  );
  if (ended === reason) return;
  assert.ok(mayBeDone && ended instanceof PacelineError, `${name}: ${ended}`);
  assert.equal(ended.category, 'unknown-outcome', name);
  assert.ok(ended.requestId !== undefined, name);
}

/** As much waits, or is held, as may: nothing that was given up takes a place. */
async function hasAllPlaces(db: LocalDatabase): Promise<void> {
  const after = neverReached(db);
  const writes = Array.from({ length: MAX }, () => db.execute(INSERT));
  const stops = Array.from({ length: MAX }, () => new AbortController());
  const reads = stops.map(({ signal }) => db.query('SELECT 1', [], { after, signal }));
  const overloaded = { code: 'OVERLOADED' };
  await assert.rejects(db.execute(INSERT), overloaded, 'it is the limit');
  await assert.rejects(db.query('SELECT 1', [], { after }), overloaded);
  for (const stop of stops) stop.abort(new Error('enough'));
  for (const read of reads) await assert.rejects(read, { message: 'enough' });
  await Promise.all(writes);
  const held = await Promise.all(
    Array.from({ length: SNAPSHOTS_MAX }, () => db.transaction('read')),
  );
  await assert.rejects(db.transaction('read'), overloaded);
  for (const tx of held) await tx.commit();
  await db.transaction((tx) => tx.execute(INSERT));
}

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  test(`a signal ends every wait on ${name}, before it and during it, and nothing of the call stays behind`, async (t) => {
    const members = await new Local(t).openAll(['a', 'b', 'c'], { ...LIMITS, ...PATIENT });
    const [leader, db] = [members[0]!, members[which]!];
    await db.execute('CREATE TABLE t(v)');
    const never = neverReached(db);
    for (const [row, call] of Object.entries(reading(db, never))) await givenUp(row, call, false);
    const blocker = await leader.transaction('write');
    for (const [row, call] of Object.entries(beginning(db))) await givenUp(row, call, false);
    // What is with the leader may be done there. On the leader itself a plain write is taken back.
    for (const [row, call] of Object.entries(writing(db))) await givenUp(row, call, true);
    const handOver: Call = (signal) => leader.transferLeadership(undefined, { signal });
    if (which === 1) await givenUp('transferLeadership', handOver, false);
    await blocker.rollback();
    await until('a write', () => db.execute(INSERT));
    await until('all places', () => hasAllPlaces(db).then(() => true));
  });
}

test('what is done, but not as durable as was asked, is of unknown outcome when its signal ends the waiting', async (t) => {
  const [leader, follower, other] = await new Local(t).openAll(['a', 'b', 'c'], PATIENT);
  await leader!.execute('CREATE TABLE t(v)');
  await other!.close();
  const durability = 'all';
  for (const db of [leader!, follower!]) {
    const rows: Rows = {
      execute: (signal) => db.execute(INSERT, [], { durability, signal }),
      batch: (signal) => db.batch([{ sql: INSERT }], { durability, signal }),
      load: (signal) => db.load('INSERT INTO t VALUES (?)', [[1]], { durability, signal }),
      commit: (signal) => db.transaction((tx) => tx.execute(INSERT), { durability, signal }),
    };
    for (const [name, call] of Object.entries(rows)) {
      const count = async () =>
        (await leader!.query('SELECT count(*) FROM t', [], { level: 'strong' })).rows[0]![0];
      const before = (await count()) as number;
      const stop = new AbortController();
      const called = call(stop.signal);
      const ended = called.then(
        () => assert.fail(`${name} was acknowledged`),
        (error: unknown) => error as PacelineError,
      );
      await until(`${name} is done`, async () => (await count()) === before + 1);
      stop.abort(new Error('enough'));
      const error = await ended;
      assert.equal(error.code, 'OUTCOME_UNKNOWN', `${name}: ${error}`);
      const outcome = await db.outcome(error.requestId!);
      assert.equal(outcome.state, 'committed', name);
    }
  }
});
