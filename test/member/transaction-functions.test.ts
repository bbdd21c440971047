import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase, Transaction } from '../../src/api/database.ts';
import { Local } from './fixture.ts';

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b', 'c']);
  await members[0]!.batch([
    { sql: 'CREATE TABLE account(id INTEGER PRIMARY KEY, balance INTEGER NOT NULL)' },
    { sql: 'INSERT INTO account VALUES (1, 100), (2, 0)' },
  ]);
});

const ADD = 'UPDATE account SET balance = balance + ? WHERE id = ?';

async function balance(id: number): Promise<unknown> {
  const { rows } = await members[0]!.query('SELECT balance FROM account WHERE id = ?', [id], {
    level: 'strong',
  });
  return rows[0]![0];
}

for (const [which, through] of ['through the leader', 'through a follower'].entries()) {
  test(`a function whose transaction was ended by its signal does not pass for committed ${through}`, async () => {
    const db = members[which]!;
    const stop = new AbortController();
    const reason = new Error('not any more');
    const work = async (tx: Transaction) => {
      await tx.execute(ADD, [10, 1]);
      stop.abort(reason);
      return 'done';
    };
    await assert.rejects(db.transaction(work, { signal: stop.signal, retries: 3 }), reason);
    assert.equal(await balance(1), 100);
  });

  test(`a function whose transaction is ended before its turn has come is run when another one has its turn ${through}`, async () => {
    const id = `waiting-${which}`;
    const first = await members[0]!.transaction('write');
    const work = (tx: Transaction) => tx.execute(ADD, [10, 2]);
    const run = members[which]!.transaction(work, { id, retries: 1 });
    const ended = run.then(
      () => 'committed',
      (error) => error.code,
    );
    await members[which]!.status(); // by then its beginning is on its way
    const asked = members[which]!.outcome(id); // which ends it
    await members[which]!.status();
    await first.rollback();
    assert.deepEqual(await asked, { state: 'unknown' });
    assert.equal(await ended, 'committed');
    assert.equal((await members[1 - which]!.outcome(id)).state, 'committed');
  });
}
