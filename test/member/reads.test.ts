import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import { encodeToken } from '../../src/api/token.ts';
import { PacelineError } from '../../src/index.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

const local = new Local({ after });
const [leader, follower, other] = (await local.openAll(['a', 'b', 'c'])) as [
  LocalDatabase,
  LocalDatabase,
  LocalDatabase,
];
await leader.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
await leader.execute('CREATE TABLE big(n)');
await leader.execute(
  'INSERT INTO big WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 5000) SELECT n FROM c',
);

test('a handle on a follower sees its own write in the read right after it, a hundred times', async () => {
  for (let i = 0; i < 100; i++) {
    const { lastInsertRowid } = await follower.execute('INSERT INTO t(v) VALUES (?)', [i]);
    const read = await follower.query('SELECT v FROM t WHERE id = ?', [lastInsertRowid]);
    assert.deepEqual(read.rows, [[i]]);
  }
});

test('the same in place, where the thread stands still until the write is here', async () => {
  const statement = follower.prepare('SELECT v FROM t WHERE id = ?');
  for (let i = 0; i < 100; i++) {
    const { lastInsertRowid } = await follower.execute('INSERT INTO t(v) VALUES (?)', [i]);
    assert.deepEqual(statement.get(lastInsertRowid), { v: i });
  }
});

test('a token carries what one handle has written to reads of another one', async () => {
  const eventual = follower.prepare('SELECT v FROM t WHERE id = :id', { level: 'eventual' });
  assert.equal(eventual.get({ id: -1 }), undefined);
  for (let i = 0; i < 50; i++) {
    const { lastInsertRowid } = await leader.execute('INSERT INTO t(v) VALUES (?)', [i]);
    const options = { after: leader.token };
    const { rows } = await other.query('SELECT v FROM t WHERE id = ?', [lastInsertRowid], options);
    assert.deepEqual(rows, [[i]]);
    const inPlace = follower.prepare('SELECT v FROM t WHERE id = ?', options);
    assert.deepEqual(inPlace.get(lastInsertRowid), { v: i });
  }
});

test('what a handle has read is in its token', async () => {
  for (let i = 0; i < 50; i++) {
    await leader.execute('INSERT INTO t(v) VALUES (?)', [i]);
    const { rows } = await follower.query('SELECT count(*) FROM t');
    const there = await other.query('SELECT count(*) FROM t', [], { after: follower.token });
    assert.ok(Number(there.rows[0]![0]) >= Number(rows[0]![0]));
  }
});

test('a strong read on any member sees what was acknowledged on another one just before', async () => {
  for (let i = 0; i < 50; i++) {
    const { lastInsertRowid } = await leader.execute('INSERT INTO t(v) VALUES (?)', [i]);
    for (const db of [follower, other, leader]) {
      const sql = 'SELECT v FROM t WHERE id = ?';
      const { rows } = await db.query(sql, [lastInsertRowid], { level: 'strong' });
      assert.deepEqual(rows, [[i]]);
    }
  }
});

test('a bounded read of lag 0 sees what was acknowledged on another member before it began', async () => {
  for (let i = 0; i < 20; i++) {
    const { lastInsertRowid } = await leader.execute('INSERT INTO t(v) VALUES (?)', [i]);
    const sql = 'SELECT v FROM t WHERE id = ?';
    const { rows } = await follower.query(sql, [lastInsertRowid], { maxLagMs: 0 });
    assert.deepEqual(rows, [[i]]);
  }
});

test('a position that cannot be reached in time is a retryable error that says how far behind this member is', async () => {
  const { term, commitIndex } = await follower.status();
  const after = encodeToken({ term, index: commitIndex + 1000 });
  const late = {
    code: 'LAGGING',
    category: 'retryable',
    message: /has applied entry \d+, \d+ behind/,
  };
  await assert.rejects(follower.query('SELECT 1', [], { after, timeoutMs: 30 }), late);
  assert.throws(() => follower.prepare('SELECT 1', { after, timeoutMs: 30 }).get(), late);
});

test('a position whose place another entry took is an error at once, however long the read would wait', async () => {
  const { term, commitIndex } = await follower.status();
  for (const lost of [
    { term: term + 1, index: commitIndex - 1 },
    { term: term - 1, index: commitIndex },
    { term: term - 1, index: commitIndex + 1000 },
  ]) {
    const options = { after: encodeToken(lost), timeoutMs: 600_000 };
    const error = { code: 'POSITION_LOST', category: 'rejected' };
    await assert.rejects(follower.query('SELECT 1', [], options), error);
    await assert.rejects(follower.query('SELECT 1', [], { ...options, level: 'strong' }), error);
    assert.throws(() => follower.prepare('SELECT 1', options).get(), error);
  }
});

test('a signal ends whatever a read waits for, with its own reason', async () => {
  const { term, commitIndex } = await follower.status();
  const after = encodeToken({ term, index: commitIndex + 1000 });
  const controller = new AbortController();
  const waiting = follower.query('SELECT 1', [], { after, signal: controller.signal });
  controller.abort(new Error('not wanted any more'));
  await assert.rejects(waiting, { message: 'not wanted any more' });
  const again = follower.query('SELECT 1', [], { signal: controller.signal });
  await assert.rejects(again, { message: 'not wanted any more' });
});

test('rows come as objects, as arrays after raw(), one by one, and integers without loss', async () => {
  const { lastInsertRowid: id } = await leader.execute('INSERT INTO t(v) VALUES (?)', [2n ** 60n]);
  const statement = leader.prepare('SELECT id, v FROM t WHERE id = ?');
  assert.equal(statement.source, 'SELECT id, v FROM t WHERE id = ?');
  assert.equal(statement.reader, true);
  assert.deepEqual(statement.columns(), [
    { name: 'id', type: 'INTEGER' },
    { name: 'v', type: null },
  ]);
  const row = { id, v: 2n ** 60n };
  assert.deepEqual({ ...statement.get(id) }, row);
  assert.deepEqual(statement.all([id]), [row]);
  assert.deepEqual([...statement.iterate(id)], [row]);
  assert.deepEqual(statement.raw().get(id), [id, 2n ** 60n]);
  assert.equal(statement.get(-1), undefined);
  const named = leader.prepare('SELECT :a AS a, $b AS b');
  assert.deepEqual(named.get({ a: 1, b: 'x' }), { a: 1, b: 'x' });
  assert.throws(() => named.get(1), { code: 'ARGUMENTS_INVALID' });
  assert.throws(() => statement.get(), { code: 'ARGUMENTS_INVALID' });
});

test('a statement is prepared for the tables that this handle has just made', async () => {
  for (let i = 0; i < 20; i++) {
    await follower.execute(`CREATE TABLE made_${i}(a, b)`);
    assert.equal(follower.prepare(`SELECT * FROM made_${i}`).columns().length, 2);
  }
});

test('a write in place is refused with a pointer to execute, on every member', () => {
  for (const db of [leader, follower]) {
    const refused = { code: 'READ_ONLY', message: /execute\(\)/ };
    assert.throws(() => db.prepare('INSERT INTO t(v) VALUES (1)'), refused);
    assert.throws(() => db.prepare('SELECT 1').run(), refused);
  }
});

test('while rows are iterated over, other reads of the same thread see newer states', async () => {
  const rows = follower.prepare('SELECT n FROM big ORDER BY n').iterate();
  assert.deepEqual(rows.next().value, { n: 1 });
  const { lastInsertRowid } = await follower.execute("INSERT INTO t(v) VALUES ('newer')");
  const statement = follower.prepare('SELECT v FROM t WHERE id = ?');
  assert.deepEqual(statement.get(lastInsertRowid), { v: 'newer' });
  assert.deepEqual(rows.next().value, { n: 2 });
  rows.return?.();
});

test('a snapshot is one state for all its reads, whatever is written meanwhile', async () => {
  for (const db of [leader, follower]) {
    await db.snapshot(async (snapshot) => {
      const count = async () => (await snapshot.query('SELECT count(*) FROM t')).rows[0]![0];
      const before = await count();
      await db.execute("INSERT INTO t(v) VALUES ('meanwhile')");
      const { rows } = await db.query('SELECT count(*) FROM t');
      assert.ok(Number(rows[0]![0]) > Number(before));
      assert.equal(await count(), before);
      const inPlace = snapshot.prepare('SELECT count(*) AS n FROM t');
      assert.deepEqual(inPlace.get(), { n: before });
    });
  }
});

test('a snapshot ends with its function, with the signal, and gives what the function gives', async () => {
  const kept = await follower.snapshot((snapshot) => snapshot);
  const ended = { code: 'SNAPSHOT_ENDED', category: 'retryable' };
  await assert.rejects(kept.query('SELECT 1'), ended);
  const controller = new AbortController();
  const { signal } = controller;
  const running = follower.snapshot(() => new Promise<never>(() => {}), { signal });
  controller.abort(new Error('enough'));
  await assert.rejects(running, { message: 'enough' });
  const thrown = follower.snapshot(() => {
    throw new PacelineError('SQL', 'mine');
  });
  await assert.rejects(thrown, { message: 'mine' });
});

test('on a leader with many writes under way nothing in place is returned before it is committed', async () => {
  let writing = true;
  const writers = Array.from({ length: 16 }, async () => {
    while (writing) await leader.execute("INSERT INTO t(v) VALUES ('many')");
  });
  const statement = leader.prepare('SELECT max(id) AS id FROM t');
  for (let i = 0; i < 200; i++) {
    const seen = statement.get()!.id;
    const { rows } = await other.query('SELECT max(id) FROM t', [], { after: leader.token });
    assert.ok(Number(rows[0]![0]) >= Number(seen), `${seen} was read, there is ${rows[0]![0]}`);
  }
  writing = false;
  await Promise.all(writers);
});

test('more snapshots than may be open are refused', async () => {
  const statement = other.prepare('SELECT n FROM big');
  const open = Array.from({ length: 64 }, () => statement.iterate());
  for (const rows of open) rows.next();
  assert.throws(() => statement.iterate().next(), { code: 'OVERLOADED' });
  for (const rows of open) rows.return?.();
  assert.deepEqual(statement.iterate().next().value, { n: 1 });
});

test('the token grows with what is written', async () => {
  const before = follower.token;
  const { position } = await follower.execute("INSERT INTO t(v) VALUES ('token')");
  assert.notEqual(follower.token, before);
  assert.equal(follower.token, encodeToken(position));
  await until(
    'the write is here',
    async () => (await follower.status()).appliedIndex >= position.index,
  );
});

const COUNT_TO = 'WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) ';

test('a long read on a worker leaves this thread free, and sees what this handle has written', async () => {
  const { lastInsertRowid } = await follower.execute("INSERT INTO t(v) VALUES ('worker')");
  let turns = 0;
  let running = true;
  const counting = (async () => {
    for (; running; turns++) await new Promise(setImmediate);
  })();
  const sql = `${COUNT_TO} SELECT count(*), (SELECT v FROM t WHERE id = ?) FROM c`;
  const { rows } = await follower.query(sql, [3_000_000, lastInsertRowid], { worker: true });
  running = false;
  await counting;
  assert.deepEqual(rows, [[3_000_000, 'worker']]);
  assert.ok(turns > 100, `${turns} turns of this thread while it ran`);
});

test('what a statement on a worker does wrong is the same error as here', async () => {
  const options = { worker: true };
  await assert.rejects(follower.query('SELECT nope', [], options), { code: 'SQL' });
  await assert.rejects(follower.query('DELETE FROM t', [], options), { code: 'READ_ONLY' });
  const large = `${COUNT_TO} SELECT randomblob(100000) FROM c`;
  await assert.rejects(follower.query(large, [1e6], options), { code: 'RESULT_TOO_LARGE' });
  assert.deepEqual((await follower.query('SELECT ?', [2n ** 60n], options)).rows, [[2n ** 60n]]);
});

test('a read on a worker is stopped between two rows, and its thread is free for the next', async () => {
  for (let i = 0; i < 6; i++) {
    const controller = new AbortController();
    const sql = `${COUNT_TO} SELECT n FROM c WHERE n % 1000 = 0`;
    const endless = follower.query(sql, [1e15], { worker: true, signal: controller.signal });
    await follower.query('SELECT 1', [], { worker: true });
    controller.abort(new Error('enough'));
    await assert.rejects(endless, { message: 'enough' });
  }
  const { rows } = await follower.query('SELECT 7', [], { worker: true });
  assert.deepEqual(rows, [[7]]);
});

test('a snapshot on a worker is one state, and ends with its function', async () => {
  const options = { worker: true };
  const kept = await follower.snapshot(async (snapshot) => {
    const count = async () => (await snapshot.query('SELECT count(*) FROM t')).rows;
    const before = await count();
    await follower.execute("INSERT INTO t(v) VALUES ('meanwhile')");
    assert.deepEqual(await count(), before);
    assert.throws(() => snapshot.prepare('SELECT 1'), { code: 'REQUEST_INVALID' });
    return snapshot;
  }, options);
  await assert.rejects(kept.query('SELECT 1'), { code: 'SNAPSHOT_ENDED' });
});

test('with workerAfterMs a statement that took long runs on a worker from then on', async (t) => {
  const auto = await new Local(t).open({ id: 'auto', workerAfterMs: 1 });
  await auto.query('SELECT 1'); // the first read may have to wait for the first commit
  const sql = `${COUNT_TO} SELECT count(*) FROM c`;
  const turnsDuring = async () => {
    let [turns, running] = [0, true];
    const read = auto.query(sql, [2_000_000]).finally(() => {
      running = false;
    });
    for (; running; turns++) await new Promise(setImmediate);
    await read;
    return turns;
  };
  const [first, second] = [await turnsDuring(), await turnsDuring()];
  assert.ok(second > 10 * first, `${first} turns of this thread the first time, then ${second}`);
});
