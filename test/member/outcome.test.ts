import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LocalDatabase } from '../../src/api/database.ts';
import { decodeToken } from '../../src/api/token.ts';
import { Local } from './fixture.ts';

test('what outcome() says is committed the next reads of the handle that asked see, though another one wrote it', async (t) => {
  const [leader, follower] = (await new Local(t).openAll(['a', 'b', 'c'])) as [
    LocalDatabase,
    LocalDatabase,
  ];
  await leader.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 30; i++) {
    const { lastInsertRowid, id } = await leader.execute('INSERT INTO t(v) VALUES (?)', [i], {
      id: `told.${i}`,
    });
    const outcome = await follower.outcome(id!);
    assert.equal(outcome.state, 'committed');
    assert.ok(decodeToken(follower.token).index >= outcome.position.index);
    const statement = follower.prepare('SELECT v FROM t WHERE id = ?');
    assert.deepEqual(statement.raw().get(lastInsertRowid), [i]);
  }
});

test('an outcome is committed with what was answered, rejected with the error, or unknown, whoever asks; a retry says the same', async (t) => {
  const members = await new Local(t).openAll(['a', 'b', 'c']);
  await members[0]!.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)');
  for (const [i, db] of members.entries()) {
    const insert = 'INSERT INTO t(v) VALUES (?) RETURNING v';
    const good = await db.execute(insert, [i], { id: `good.${i}` });
    const refused = db.execute(insert, [i], { id: `bad.${i}` });
    await assert.rejects(refused, { code: 'SQL', message: /UNIQUE/ });
    // What it was refused for is gone; the answer stays.
    await db.execute('DELETE FROM t');
    for (const asked of members) {
      const outcome = await asked.outcome(`good.${i}`);
      assert.equal(outcome.state, 'committed');
      assert.deepEqual(outcome.position, good.position);
      assert.deepEqual(outcome.results[0]!.rows, [[i]]);
      const rejected = await asked.outcome(`bad.${i}`);
      assert.equal(rejected.state, 'rejected');
      assert.deepEqual([rejected.error.code, rejected.error.sqlite?.errcode], ['SQL', 2067]);
      assert.deepEqual(await asked.outcome(`none.${i}`), { state: 'unknown' });
      const again = await asked.execute(insert, [i], { id: `good.${i}` });
      assert.deepEqual([again.position, again.rows], [good.position, [[i]]]);
      const refusedAgain = asked.execute(insert, [i], { id: `bad.${i}` });
      await assert.rejects(refusedAgain, { code: 'SQL', message: /UNIQUE/ });
    }
    assert.deepEqual((await db.query('SELECT count(*) FROM t')).rows, [[0]]);
  }
});
