import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Local } from './fixture.ts';

test('the certain token leaves out what a failover could discard, and so does the token of a read over HTTP', async (t) => {
  const local = new Local(t);
  const options = { electionTimeoutMs: 60_000 };
  const [leader, other] = await local.openAll(['a', 'b'], options);
  await leader!.execute('CREATE TABLE t(v)');
  const { rows } = await leader!.query('SELECT count(*) FROM t');
  assert.deepEqual(rows, [[0]]);
  assert.equal(leader!.certainToken, leader!.token);
  const before = leader!.certainToken;
  await other!.close();
  const { reached } = await leader!.execute('INSERT INTO t VALUES (1)', [], {
    durability: 'local',
  });
  assert.deepEqual(reached, { committed: false, members: [(await leader!.status()).id] });
  assert.notEqual(leader!.token, before);
  assert.equal(leader!.certainToken, before);
});
