import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase, Transaction } from '../../src/api/database.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

const READS = 'SELECT count(*) FROM t';
const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c'], {
    ...{ snapshotsMax: 3, transactionTimeoutMs: 60_000 },
  });
  await members[0]!.execute('CREATE TABLE t(v)');
});

async function count(from: Pick<Transaction, 'query'>): Promise<number> {
  return (await from.query(READS)).rows[0]![0] as number;
}

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  const through = `on ${name}`;

  test(`a read transaction sees what its handle has written, and that state until it ends ${through}`, async () => {
    const db = members[which]!;
    await db.execute('INSERT INTO t VALUES (1)');
    const n = (await db.query(READS)).rows[0]![0] as number;
    const tx = await db.transaction('read');
    assert.equal(tx.mode, 'read');
    const written = await db.execute('INSERT INTO t VALUES (2)');
    assert.equal(await count(tx), n);
    const [first, second] = await tx.batch([{ sql: READS }, { sql: 'SELECT ? AS x', args: [7] }]);
    assert.deepEqual(first!.rows, [[n]]);
    assert.deepEqual(second, { columns: ['x'], rows: [[7]], changes: 0, lastInsertRowid: 0 });
    assert.equal(await count(db), n + 1, 'outside of it time goes on');
    const { id, position, reached } = await tx.commit();
    assert.deepEqual([id, reached.committed, tx.closed], [null, true, true]);
    assert.ok(position.index < written.position.index);
    for (const use of [tx.query(READS), tx.commit(), tx.rollback(), tx.batch([{ sql: READS }])])
      await assert.rejects(use, { code: 'TRANSACTION_ENDED' });
    await tx.close();
  });

  test(`a read transaction waits for no writer, holds none up, and leaves nothing in the log ${through}`, async () => {
    const db = members[which]!;
    const writes = await members[0]!.transaction('write');
    await writes.execute('INSERT INTO t VALUES (3)');
    const before = await members[0]!.status();
    const tx = await db.transaction('read');
    const n = await count(tx);
    await tx.commit();
    await db.transaction(async (again) => assert.equal(await count(again), n), { mode: 'read' });
    assert.equal((await members[0]!.status()).lastIndex, before.lastIndex);
    const open = await db.transaction('read');
    await writes.commit();
    await members[0]!.execute('INSERT INTO t VALUES (4)');
    assert.equal(await count(open), n);
    await open.rollback();
    assert.equal((await db.query(READS, [], { level: 'strong' })).rows[0]![0], n + 2);
  });

  test(`what writes is refused, with what to do instead, and the transaction reads on ${through}`, async () => {
    const tx = await members[which]!.transaction('read');
    const refused = { code: 'READ_ONLY', category: 'rejected', message: /mode write or deferred/ };
    for (const sql of ['INSERT INTO t VALUES (1)', 'CREATE TABLE u(v)'])
      await assert.rejects(tx.execute(sql), refused);
    await assert.rejects(tx.batch([{ sql: READS }, { sql: 'DELETE FROM t' }]), refused);
    await assert.rejects(tx.query('SELECT nothing'), { code: 'SQL' });
    assert.ok((await count(tx)) >= 0);
    await tx.close();
    assert.ok(tx.closed);
  });

  test(`at most snapshotsMax are open, and each way to end one makes room ${through}`, async () => {
    const db = members[which]!;
    const ends: ((tx: Transaction) => Promise<unknown>)[] = [
      (tx) => tx.commit(),
      (tx) => tx.rollback(),
      (tx) => tx.close(),
    ];
    for (const end of ends) {
      const all = await Promise.all([1, 2, 3].map(() => db.transaction('read')));
      const tooMany = { code: 'OVERLOADED', category: 'retryable', message: /snapshotsMax/ };
      await assert.rejects(db.transaction('read'), tooMany);
      await end(all.pop()!);
      await (await db.transaction('read')).close();
      await Promise.all(all.map(end));
    }
  });

  test(`one that is open for too long ends, and the function form may begin another ${through}`, async () => {
    const db = members[which]!;
    const tx = await db.transaction('read', { lifetimeMs: 20 });
    await until('its end', async () => tx.closed);
    const aborted = { code: 'TRANSACTION_ABORTED', category: 'retryable', message: /20 ms/ };
    for (const use of [tx.query(READS), tx.commit()]) await assert.rejects(use, aborted);
    let calls = 0;
    const work = async (again: Transaction) => {
      if (++calls === 1) await until('its end', async () => again.closed);
      return count(again);
    };
    await db.transaction(work, { mode: 'read', lifetimeMs: 200, retries: 100 });
    assert.ok(calls >= 2);
  });

  test(`on a thread of its own it reads one state, too, and a signal ends it in the middle ${through}`, async () => {
    const db = members[which]!;
    const stop = new AbortController();
    const tx = await db.transaction('read', { worker: true, signal: stop.signal });
    const n = await count(tx);
    await db.execute('INSERT INTO t VALUES (5)');
    assert.equal(await count(tx), n);
    await assert.rejects(tx.execute('DELETE FROM t'), { code: 'READ_ONLY' });
    // It ends by itself only when it has more rows than a result may have, and it can be stopped after each of them.
    const reading = tx.query(
      'WITH RECURSIVE c(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM c) SELECT n FROM c',
    );
    const reason = new Error('enough');
    stop.abort(reason);
    for (const use of [reading, tx.query(READS), tx.commit()])
      await assert.rejects(use, (error) => error === reason);
    assert.ok(tx.closed);
  });

  test(`a signal ends one that is open, or one that waits to be ${through}`, async () => {
    const db = members[which]!;
    const reason = new Error('enough');
    const stop = new AbortController();
    const tx = await db.transaction('read', { signal: stop.signal });
    stop.abort(reason);
    assert.ok(tx.closed);
    await assert.rejects(tx.query(READS), (error) => error === reason);
    await assert.rejects(db.transaction('read', { signal: stop.signal }), (e) => e === reason);
  });

  test(`options that make no sense are refused ${through}`, async () => {
    const db = members[which]!;
    const invalid = { code: 'REQUEST_INVALID' };
    await assert.rejects(db.transaction('read', { durability: 'all' }), invalid);
    await assert.rejects(db.transaction('read', { id: 'x' }), invalid);
    await assert.rejects(db.transaction('write', { level: 'strong' }), invalid);
    await assert.rejects(db.transaction('deferred', { after: db.token }), invalid);
    await assert.rejects(db.transaction('read', { level: 'best' as never }), invalid);
    await assert.rejects(db.transaction('read', { lifetimeMs: 60_001 }), invalid);
    await assert.rejects(db.transaction('read', { after: 'x' }), { code: 'TOKEN_INVALID' });
  });
}

test('a read transaction at level strong sees what another member has just acknowledged', async () => {
  const [leader, follower] = members;
  for (let i = 0; i < 20; i++) {
    await leader!.execute('INSERT INTO t VALUES (6)');
    const expected = (await leader!.query(READS)).rows[0]![0];
    const tx = await follower!.transaction('read', { level: 'strong' });
    assert.equal(await count(tx), expected);
    await tx.commit();
    const told = await follower!.transaction('read', { after: leader!.token });
    assert.equal(await count(told), expected);
    await told.commit();
  }
});

test('without a leader one begins and goes on, unless it is to be strong', async (t) => {
  const [leader, follower, other] = await new Local(t).openAll(['a', 'b', 'c']);
  await follower!.execute('CREATE TABLE t(v)');
  const open = await follower!.transaction('read');
  await leader!.close();
  await other!.close();
  assert.equal(await count(open), 0);
  const begun = await follower!.transaction('read');
  assert.equal(await count(begun), 0);
  const strong = follower!.transaction('read', { level: 'strong', timeoutMs: 100 });
  await assert.rejects(strong, { code: 'NO_LEADER', category: 'retryable' });
  await open.commit();
  await begun.commit();
});

test('when the WAL is too long a read transaction ends, and the function form begins another', async (t) => {
  const limits = { checkpointWalBytes: 200_000, snapshotWalBytesMax: 1_000_000 };
  const lives = { transactionTimeoutMs: 60_000 };
  const db = await new Local(t).open({ ...limits, ...lives });
  await db.execute('CREATE TABLE t(v)');
  const fill = () => db.execute('INSERT INTO t VALUES (randomblob(100000))');
  const tx = await db.transaction('read');
  await until('its end', async () => {
    await fill();
    return tx.closed;
  });
  const lost = { code: 'TRANSACTION_ABORTED', category: 'retryable', message: /snapshotWalBytes/ };
  await assert.rejects(tx.query(READS), lost);
  let calls = 0;
  const work = async (again: Transaction) => {
    if (++calls === 1)
      await until('its end', async () => {
        await fill();
        return again.closed;
      });
    return count(again);
  };
  assert.ok((await db.transaction(work, { mode: 'read', retries: 9 })) > 0);
  assert.ok(calls >= 2);
});
