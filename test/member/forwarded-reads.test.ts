import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutOf } from '../../src/member/directory.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { until } from '../cluster/until.ts';
import { Local } from './fixture.ts';

test('what a member cannot serve in time fails there, and is read at the leader if it may be forwarded', async (t) => {
  const local = new Local(t);
  const [leader, follower] = await local.openAll(['a', 'b', 'c']);
  await leader!.execute('CREATE TABLE t(v)');
  const { id } = await follower!.status();
  const release = await holdWriterLock(layoutOf(local.dir(id)).database, async () => {
    await leader!.execute("INSERT INTO t VALUES ('other')");
  });
  const args = [1, 2n ** 60n, -0.5, null, 'é', new Uint8Array([0, 255])];
  await leader!.execute('INSERT INTO t VALUES (?)', ['last']);
  const sql = "SELECT ?, ?, ?, ?, ?, ?, count(*) FROM t WHERE v = 'last'";
  const after = leader!.token;
  for (const level of ['eventual', 'session'] as const) {
    const here = follower!.query(sql, args, { level, after, timeoutMs: 100 });
    await assert.rejects(here, { code: 'LAGGING', category: 'retryable' });
    const { columns, rows } = await follower!.query(sql, args, { level, after, forward: true });
    assert.deepEqual(rows, [[...args, 1]]);
    assert.equal(columns.length, 7);
  }
  const strong = { level: 'strong', forward: true } as const;
  assert.deepEqual((await follower!.query(sql, args, strong)).rows, [[...args, 1]]);
  const named = await follower!.query('SELECT :a AS a', { a: 7 }, strong);
  assert.deepEqual(named.rows, [[7]]);
  await assert.rejects(follower!.query('SELECT nope', [], strong), { code: 'SQL' });
  await assert.rejects(follower!.query('DELETE FROM t', [], strong), { code: 'READ_ONLY' });
  // What was read at the leader has been seen by this handle, so its own copy must have it from now on.
  const later = follower!.query(sql, args, { timeoutMs: 100 });
  await assert.rejects(later, { code: 'LAGGING' });
  release();
  assert.deepEqual((await follower!.query(sql, args)).rows, [[...args, 1]]);
});

/** Holds SQLite's writer lock of a follower, which so cannot apply; it can be had while that renews it. */
async function holdWriterLock(path: string, write: () => Promise<void>): Promise<() => void> {
  const connection = new DatabaseSync(path, { timeout: 20 });
  await until('the lock is ours', async () => {
    await write();
    connection.exec('BEGIN IMMEDIATE');
    return true;
  });
  return () => {
    connection.exec('ROLLBACK');
    connection.close();
  };
}
