import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalDatabase } from '../../src/index.ts';
import { applied, Local } from './fixture.ts';

const LIMITS = {
  sqlBytesMax: 1000,
  resultBytesMax: 10_000,
  transactionBytesMax: 100_000,
  checkpointWalBytes: 65_536,
};

const local = new Local({ after });
let members: LocalDatabase[];

before(async () => {
  members = await local.openAll(['a', 'b'], LIMITS);
  await members[0]!.execute('CREATE TABLE t(n INTEGER PRIMARY KEY, x)');
});

for (const [which, name] of ['the leader', 'a follower'].entries()) {
  test(`statements, results and transactions over the limits are refused through ${name}, and all goes on`, async () => {
    const db = members[which]!;
    const long = `SELECT '${'x'.repeat(1000)}'`;
    await assert.rejects(db.execute(long), { code: 'REQUEST_TOO_LARGE' });
    await assert.rejects(db.query(long), { code: 'REQUEST_TOO_LARGE' });
    const wide = 'SELECT hex(zeroblob(1000)) FROM (VALUES (1),(2),(3),(4),(5),(6))';
    await assert.rejects(db.execute(wide), { code: 'RESULT_TOO_LARGE' });
    await assert.rejects(db.query(wide), { code: 'RESULT_TOO_LARGE' });
    const returning = 'INSERT INTO t(x) VALUES (zeroblob(20000)) RETURNING x';
    await assert.rejects(db.execute(returning), { code: 'RESULT_TOO_LARGE' });
    const large = 'INSERT INTO t(x) VALUES (randomblob(200000))';
    await assert.rejects(db.execute(large), { code: 'TRANSACTION_TOO_LARGE' });
    const { position } = await db.execute('INSERT INTO t(x) VALUES (1)');
    for (const member of members) {
      await applied(member, position);
      assert.deepEqual((await member.query('SELECT count(*), sum(length(x)) FROM t')).rows, [
        [1 + which, 1 + which],
      ]);
    }
  });
}

test('a read that was cut off for its size does not hold the WAL', async () => {
  const [leader, follower] = members as [LocalDatabase, LocalDatabase];
  for (const db of members) {
    const wide = 'SELECT hex(zeroblob(1000)) FROM t, t AS u, t AS v, t AS w';
    await assert.rejects(db.query(wide), { code: 'RESULT_TOO_LARGE' });
  }
  for (let i = 0; i < 100; i++) await leader.execute('INSERT INTO t(x) VALUES (randomblob(3000))');
  const { position } = await leader.execute("INSERT INTO t(x) VALUES ('end')");
  for (const db of [leader, follower]) {
    await applied(db, position);
    const { walBytes } = await db.status();
    assert.ok(walBytes < 4 * LIMITS.checkpointWalBytes, `${walBytes}`);
  }
});
