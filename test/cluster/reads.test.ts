import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeToken } from '../../src/api/token.ts';
import { PacelineError } from '../../src/index.ts';
import { converge, startCluster } from './fixture.ts';
import { MemberDied } from './member.ts';
import { startWithTable } from './steps.ts';
import { until } from './until.ts';

const FAST = { electionTimeoutMs: 500, heartbeatMs: 50 };
const COUNT = 'SELECT count(*) FROM w WHERE key = ?';
const INSERT = 'INSERT INTO w(key) VALUES (?)';

/** What a read gave, or the code of its error. */
function outcome(read: Promise<{ readonly rows: readonly (readonly unknown[])[] }>) {
  return read.then(
    ({ rows }) => rows[0]![0],
    (error: PacelineError) => {
      assert.ok(error instanceof PacelineError, String(error));
      assert.equal(error.category, 'retryable', error.message);
      return error.code;
    },
  );
}

for (const leaseDriftMs of [0, 50])
  test(`a strong read on a leader that stood still and was replaced never lacks what its successor acknowledged (leaseDriftMs ${leaseDriftMs})`, async (t) => {
    const cluster = await startWithTable(t, 3, { ...FAST, leaseDriftMs });
    for (let round = 1; round <= 4; round++) {
      await converge(cluster.members);
      const old = await cluster.leader();
      const others = cluster.others(old);
      // With a lease: it has one, and has just used it.
      await old.query(COUNT, ['x'], { level: 'strong' });
      old.pause();
      // Asked while it stands still: the first thing that it sees when it goes on, before any news.
      const options = { level: 'strong', timeoutMs: 60_000 } as const;
      const key = `round ${round}`;
      const early = Array.from({ length: 50 }, () => outcome(old.query(COUNT, [key], options)));
      const successor = await cluster.leader(others);
      await successor.execute(INSERT, [key]);
      old.resume();
      for (const seen of await Promise.all(early)) assert.equal(seen, 1);
      for (const member of cluster.members)
        assert.equal(await outcome(member.query(COUNT, [key], options)), 1);
    }
  });

test('a bounded read on a member that stood still never lacks what was acknowledged earlier than its bound', async (t) => {
  const cluster = await startWithTable(t, 3, FAST);
  const [follower] = await cluster.followers();
  const options = { maxLagMs: 0, timeoutMs: 60_000 };
  for (let round = 1; round <= 4; round++) {
    const key = `round ${round}`;
    // What it knows of its age is from before.
    assert.equal(await outcome(follower!.query(COUNT, [key], options)), 0);
    follower!.pause();
    const writer = await cluster.leader(cluster.others(follower!));
    await writer.execute(INSERT, [key]);
    const early = Array.from({ length: 20 }, () => outcome(follower!.query(COUNT, [key], options)));
    follower!.resume();
    for (const seen of await Promise.all(early)) assert.equal(seen, 1);
  }
});

test('a member that nobody can prove anything to refuses bounded and strong reads, and serves the others', async (t) => {
  const cluster = await startWithTable(t, 3, FAST);
  const [alone] = await cluster.followers();
  const others = cluster.others(alone!);
  await alone!.execute(INSERT, ['x']);
  const levels = [
    { level: 'strong' },
    { maxLagMs: 300 },
    { maxLagEntries: 1000 },
    { maxLagEntries: 1000, maxLagMs: 300 },
  ] as const;
  const read = (level: object) => outcome(alone!.query(COUNT, ['x'], { timeoutMs: 100, ...level }));
  for (const level of levels) await until('it serves', async () => (await read(level)) === 1);
  for (const other of others) other.pause();
  for (const level of levels) {
    const code = 'level' in level ? 'NO_LEADER' : 'LAGGING';
    await until(`${code} for ${JSON.stringify(level)}`, async () => (await read(level)) === code);
  }
  // What was refused stays refused: nothing but a leader can change that.
  for (const level of levels) assert.notEqual(await read(level), 1);
  assert.equal(await read({ level: 'eventual' }), 1);
  assert.equal(await read({ level: 'session' }), 1);
  assert.deepEqual(await alone!.all(COUNT, ['x']), [[1]]);
  for (const other of others) other.resume();
  for (const level of levels) await until('it serves', async () => (await read(level)) === 1);
});

test('a token makes a read through another process see all that its owner had written, also while that process lags', async (t) => {
  const cluster = await startWithTable(t, 3, FAST);
  const leader = await cluster.leader();
  const [one, two] = cluster.others(leader);
  for (let i = 1; i <= 30; i++) {
    const key = `k${i}`;
    // Every fifth time the reader does not hear of it until later.
    if (i % 5 === 0) two!.pause();
    await one!.execute(INSERT, [key]);
    const after = await one!.token();
    const early = outcome(two!.query(COUNT, [key], { after, timeoutMs: 60_000 }));
    const inPlace = two!.all(COUNT, [key], { after, timeoutMs: 60_000 });
    two!.resume();
    assert.equal(await early, 1);
    assert.deepEqual(await inPlace, [[1]]);
  }
});

test('what stands in a log that a failover discarded is told as lost on every member, and never waited for', async (t) => {
  const cluster = await startWithTable(t, 3, { readTimeoutMs: 600_000 });
  const old = await cluster.leader();
  const others = cluster.others(old);
  await converge(cluster.members);
  for (const other of others) await other.kill();
  const unknown = old.execute(INSERT, ['discarded'], { timeoutMs: 200 });
  await assert.rejects(unknown, { code: 'OUTCOME_UNKNOWN' });
  const { term, lastIndex, commitIndex } = await old.status();
  assert.ok(lastIndex > commitIndex);
  const after = encodeToken({ term, index: lastIndex });
  // It may still come: a read waits for it, until it can tell.
  const waiting = old.query(COUNT, ['discarded'], { after });
  waiting.catch(() => {});
  old.pause();
  for (const other of others) await other.start();
  const successor = await cluster.leader(others);
  await successor.execute(INSERT, ['successor']);
  old.resume();
  const lost = { code: 'POSITION_LOST', category: 'rejected' };
  await assert.rejects(waiting, lost);
  for (const member of cluster.members) {
    await assert.rejects(member.query(COUNT, ['x'], { after }), lost);
    await assert.rejects(member.all(COUNT, ['x'], { after }), lost);
  }
});

test('in place a leader without a majority shows nothing that is not committed, and says that it cannot tell', async (t) => {
  const cluster = await startWithTable(t, 3, { readTimeoutMs: 500 });
  const leader = await cluster.leader();
  const followers = cluster.others(leader);
  for (const follower of followers) follower.pause();
  const write = leader.execute(INSERT, ['pending'], { timeoutMs: 60_000 });
  await until('an entry that is not committed', async () => {
    const { lastIndex, commitIndex } = await leader.status();
    return lastIndex > commitIndex;
  });
  for (let i = 0; i < 5; i++)
    await assert.rejects(leader.all(COUNT, ['pending']), { code: 'NOT_READY' });
  for (const follower of followers) follower.resume();
  await write;
  await until('it is there', async () => (await leader.all(COUNT, ['pending']))[0]![0] === 1);
});

test('nothing that a handle has read at level session is missing in its later reads, nor in those by its token, through kills', async (t) => {
  const cluster = await startCluster(t, 3, FAST);
  await cluster.members[0]!.execute('CREATE TABLE w(n INTEGER PRIMARY KEY, key TEXT)');
  let working = true;
  t.after(() => {
    working = false;
  });
  const writer = (async () => {
    for (let i = 0; working; i++) {
      const member = cluster.running[i % cluster.running.length];
      await member?.execute(INSERT, [`k${i}`], { timeoutMs: 60_000 }).catch(ignoreDeath);
    }
  })();
  let [seen, token] = [0, 'p0.0'];
  for (let i = 0; i < 300; i++) {
    if (i === 100 || i === 200) {
      const leader = await cluster.leader();
      await leader.kill();
      await leader.start();
    }
    const reader = cluster.members[i % 3]!;
    const read = reader.query('SELECT count(*) FROM w', [], { after: token, timeoutMs: 60_000 });
    const count = Number((await read).rows[0]![0]);
    assert.ok(count >= seen, `${reader.id} showed ${count} rows after ${seen} had been seen`);
    [seen, token] = [count, await reader.token()];
  }
  working = false;
  await writer;
  assert.ok(seen > 0);
});

function ignoreDeath(error: unknown): void {
  if (!(error instanceof MemberDied)) throw error;
}
