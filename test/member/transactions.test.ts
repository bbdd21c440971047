import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { LocalDatabase, Transaction } from '../../src/api/database.ts';
import { applied, Local } from './fixture.ts';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.batch([
    {
      sql: 'CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL CHECK(balance >= 0))',
    },
    {
      sql: 'CREATE TABLE part(account INTEGER REFERENCES account(id) DEFERRABLE INITIALLY DEFERRED)',
    },
  ]);
});

beforeEach(async () => {
  const { position } = await members[0]!.batch([
    { sql: 'DELETE FROM part' },
    { sql: 'DELETE FROM account' },
    { sql: 'INSERT INTO account VALUES (1, 100), (2, 0)' },
  ]);
  for (const member of members) await applied(member, position);
});

const ADD = 'UPDATE account SET balance = balance + ? WHERE id = ?';

async function balances(db: LocalDatabase): Promise<unknown[]> {
  return (await db.query('SELECT balance FROM account ORDER BY id')).rows.flat();
}

async function balanceOf(tx: Transaction, id: number): Promise<number> {
  const { rows } = await tx.query('SELECT balance FROM account WHERE id = ?', [id]);
  return rows[0]![0] as number;
}

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  const through = `through ${name}`;
  const aborted = { code: 'TRANSACTION_ABORTED', category: 'retryable' };
  const ended = { code: 'TRANSACTION_ENDED' };

  test(`what a transaction does takes effect at its commit, on all members, at its position ${through}`, async () => {
    const tx = await members[which]!.transaction('write');
    assert.equal((await tx.execute(ADD, [-30, 1])).changes, 1);
    assert.equal(await balanceOf(tx, 1), 70, 'it sees its own work');
    await tx.execute(ADD, [30, 2]);
    for (const member of members) assert.deepEqual(await balances(member), [100, 0]);
    const { position, id, reached } = await tx.commit();
    assert.ok(tx.closed);
    assert.ok(reached.committed && reached.members!.length >= 2 && id !== null);
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual(await balances(member), [70, 30]);
    }
  });

  test(`a transaction that is rolled back, or closed, leaves nothing ${through}`, async () => {
    const db = members[which]!;
    for (const how of ['rollback', 'close'] as const) {
      const tx = await db.transaction();
      await tx.execute('DELETE FROM account');
      await tx.execute('CREATE TABLE never(x)');
      await tx[how]();
      assert.ok(tx.closed);
      await assert.rejects(tx.execute('SELECT 1'), ended);
      await assert.rejects(tx.commit(), ended);
      await tx.close();
    }
    const { position } = await db.execute(ADD, [1, 1]);
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual(await balances(member), [101, 0]);
      await assert.rejects(member.query('SELECT * FROM never'), { code: 'SQL' });
    }
  });

  test(`after an error of a statement the transaction goes on without it ${through}`, async () => {
    const db = members[which]!;
    const tx = await db.transaction('write');
    await tx.execute(ADD, [5, 2]);
    await assert.rejects(tx.execute(ADD, [-101, 1]), { code: 'SQL' });
    await assert.rejects(
      tx.batch([
        { sql: ADD, args: [1, 2] },
        { sql: ADD, args: [-101, 1] },
      ]),
      {
        code: 'SQL',
      },
    );
    await assert.rejects(tx.query(ADD, [1, 1]), { code: 'READ_ONLY' });
    for (const sql of ['COMMIT', 'ROLLBACK', 'BEGIN'])
      await assert.rejects(tx.execute(sql), { code: 'STATEMENT_FORBIDDEN' }, sql);
    const [one, two] = await tx.batch([
      { sql: ADD, args: [1, 2] },
      { sql: 'SELECT balance FROM account WHERE id = 2' },
    ]);
    assert.deepEqual([one!.changes, two!.rows], [1, [[6]]]);
    await applied(db, (await tx.commit()).position);
    assert.deepEqual(await balances(db), [100, 6]);
  });

  test(`a statement that rolls the whole transaction back ends it ${through}`, async () => {
    const db = members[which]!;
    const tx = await db.transaction('write');
    await tx.execute(ADD, [5, 2]);
    await assert.rejects(tx.execute('INSERT OR ROLLBACK INTO account VALUES (1, 1)'), {
      code: 'SQL',
    });
    await assert.rejects(tx.execute(ADD, [5, 2]), aborted);
    await assert.rejects(tx.commit(), aborted);
    await applied(db, (await db.execute(ADD, [1, 2])).position);
    assert.deepEqual(await balances(db), [100, 1]);
  });

  test(`a commit that a deferred foreign key refuses ends the transaction with nothing done ${through}`, async () => {
    const db = members[which]!;
    const tx = await db.transaction('write');
    await tx.execute('INSERT INTO part VALUES (77)');
    await tx.execute(ADD, [1, 1]);
    await assert.rejects(tx.commit(), { code: 'SQL' });
    assert.ok(tx.closed);
    await applied(db, (await db.execute(ADD, [2, 2])).position);
    assert.deepEqual(await balances(db), [100, 2]);
  });

  test(`the function form commits what it returns from, and rolls back what it throws from ${through}`, async () => {
    const db = members[which]!;
    const moved = await db.transaction(async (tx) => {
      const all = await balanceOf(tx, 1);
      await tx.execute(ADD, [-all, 1]);
      await tx.execute(ADD, [all, 2]);
      return all;
    });
    assert.equal(moved, 100);
    const thrown = new Error('the application changed its mind');
    const failing = db.transaction(async (tx) => {
      await tx.execute('DELETE FROM account');
      throw thrown;
    });
    await assert.rejects(failing, (error) => error === thrown);
    await applied(db, (await db.execute(ADD, [1, 1])).position);
    assert.deepEqual(await balances(db), [1, 100]);
  });

  test(`one open for too long is rolled back, and says so; the function form may try again ${through}`, async () => {
    const db = members[which]!;
    const late = await db.transaction('write', { lifetimeMs: 50 });
    await late.execute(ADD, [5, 2]);
    await members[0]!.execute(ADD, [1, 1]); // waits for it
    const outlived = { ...aborted, message: /50 ms/ };
    await assert.rejects(late.execute(ADD, [5, 2]), outlived);
    await assert.rejects(late.commit(), outlived);
    let calls = 0;
    await db.transaction(
      async (tx) => {
        await tx.execute(ADD, [10, 2]);
        calls++;
        if (calls === 1) await members[0]!.execute(ADD, [1, 1]);
      },
      { lifetimeMs: 200, retries: 1 },
    );
    assert.equal(calls, 2);
    await applied(db, (await db.execute(ADD, [0, 1])).position);
    assert.deepEqual(await balances(db), [102, 10]);
  });

  test(`its commit is recorded under its request id, once ${through}`, async () => {
    const db = members[which]!;
    const id = `once-${which}`;
    const add = (tx: Transaction) => tx.execute(ADD, [10, 2]);
    assert.deepEqual(await db.outcome(id), { state: 'unknown' });
    const tx = await db.transaction('write', { id });
    await add(tx);
    const first = await tx.commit();
    await db.transaction(add, { id });
    const outcome = await members[1 - which]!.outcome(id);
    assert.ok(outcome.state === 'committed');
    assert.deepEqual(outcome.position, first.position);
    await applied(db, (await db.execute(ADD, [0, 1])).position);
    assert.deepEqual(await balances(db), [100, 10]);
  });

  test(`asking for the outcome of one that is open ends it, so that the answer stays true ${through}`, async () => {
    const id = `asked-${which}`;
    const tx = await members[which]!.transaction('write', { id });
    await tx.execute(ADD, [10, 2]);
    assert.deepEqual(await members[1 - which]!.outcome(id), { state: 'unknown' });
    await assert.rejects(tx.commit(), aborted);
    assert.deepEqual(await members[which]!.outcome(id), { state: 'unknown' });
  });

  test(`transactions and writes take turns, in the order in which they came ${through}`, async () => {
    const db = members[which]!;
    const first = await db.transaction('write');
    const done: string[] = [];
    const note = (what: string) => () => done.push(what);
    const second = db.transaction('write');
    const third = second.then(() => done.push('second began'));
    await first.execute(ADD, [1, 2]);
    const write = db.execute(ADD, [1, 2]).then(note('written'));
    assert.equal(done.length, 0);
    done.push('first commits');
    await first.commit();
    await third;
    const tx = await second;
    await tx.execute(ADD, [1, 2]);
    await tx.commit();
    await write;
    assert.deepEqual(done.slice(0, 2), ['first commits', 'second began']);
    await applied(db, (await db.execute(ADD, [0, 1])).position);
    assert.deepEqual(await balances(db), [100, 3]);
  });

  test(`a deferred one holds nobody up before its first statement ${through}`, async () => {
    const db = members[which]!;
    const tx = await db.transaction('deferred');
    await db.execute(ADD, [1, 1]);
    assert.equal(await balanceOf(tx, 1), 101);
    await tx.execute(ADD, [1, 2]);
    await applied(db, (await tx.commit()).position);
    assert.deepEqual(await balances(db), [101, 1]);
    const unused = await db.transaction('deferred');
    await unused.rollback();
    assert.ok(unused.closed);
  });

  test(`a signal gives up the wait for a turn, and rolls back what is open ${through}`, async () => {
    const db = members[which]!;
    const reason = new Error('enough');
    const open = new AbortController();
    const tx = await db.transaction('write', { signal: open.signal });
    await tx.execute(ADD, [1, 2]);
    const waits = new AbortController();
    const waiting = db.transaction('write', { signal: waits.signal });
    waits.abort(reason);
    await assert.rejects(waiting, (error) => error === reason);
    open.abort(reason);
    await assert.rejects(tx.execute(ADD, [1, 2]), (error) => error === reason);
    await applied(db, (await db.execute(ADD, [3, 2])).position);
    assert.deepEqual(await balances(db), [100, 3]);
    await assert.rejects(
      db.transaction('write', { signal: open.signal }),
      (error) => error === reason,
    );
  });
}

test('a transaction that waits for its turn longer than its time was not begun', async () => {
  const [leader, follower] = members;
  const tx = await leader!.transaction('write');
  for (const db of [leader!, follower!])
    await assert.rejects(db.transaction('write', { timeoutMs: 50 }), {
      code: 'TIMED_OUT',
      category: 'retryable',
    });
  await tx.commit();
  await (await follower!.transaction('write')).rollback();
});

test('what is wrong with the options is said before anything is begun', async () => {
  const db = members[0]!;
  const invalid = { code: 'REQUEST_INVALID' };
  await assert.rejects(db.transaction('exclusive' as never), invalid);
  await assert.rejects(db.transaction('write', { lifetimeMs: 6000 }), invalid);
  await assert.rejects(db.transaction('write', { lifetimeMs: 0 }), invalid);
  await assert.rejects(db.transaction('write', { id: '' }), invalid);
  await assert.rejects(db.transaction('write', { timeoutMs: -1 }), invalid);
  await assert.rejects(
    db.transaction(async () => 1, { retries: -1 }),
    invalid,
  );
  await assert.rejects(db.outcome(''), invalid);
});
