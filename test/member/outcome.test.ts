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
