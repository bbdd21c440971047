import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { EngineFixture } from './fixture.ts';

function pair(pageSize = 4096) {
  return { leader: new EngineFixture(pageSize), follower: new EngineFixture(pageSize) };
}

test('a follower that applies the leader’s entries has the same rows and the same checksum', () => {
  const { leader, follower } = pair();
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)', 'CREATE INDEX tv ON t(v)');
  for (let i = 0; i < 50; i++)
    leader.run(['INSERT INTO t(v) VALUES (?)', [`row ${i}`]], ['INSERT INTO t(v) VALUES (?)', [i]]);
  for (const entry of leader.log) follower.engine.apply([entry]);
  const reader = new DatabaseSync(follower.path, { readOnly: true });
  assert.equal((reader.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n, 100);
  assert.deepEqual(
    reader
      .prepare('PRAGMA integrity_check')
      .all()
      .map((r) => Object.values(r as object)),
    [['ok']],
  );
  reader.close();
  assert.deepEqual(follower.engine.checksum, leader.engine.checksum);
  assert.deepEqual(follower.engine.position, leader.engine.position);
  leader.close();
  follower.close();
});

test('after a checkpoint the files of leader and follower are byte-identical', () => {
  const { leader, follower } = pair();
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)');
  for (let i = 0; i < 30; i++) leader.run(`INSERT INTO t(v) VALUES (randomblob(${i * 200}))`);
  leader.run('DELETE FROM t WHERE id % 3 = 0');
  follower.engine.apply(leader.log.slice(0, 10));
  follower.engine.apply(leader.log.slice(10));
  for (const side of [leader, follower]) {
    side.engine.unlock();
    const c = new DatabaseSync(side.path);
    c.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    side.engine.relock();
    c.close();
  }
  assert.ok(readFileSync(leader.path).equals(readFileSync(follower.path)));
  leader.run('INSERT INTO t(v) VALUES (1)');
  follower.engine.apply([leader.log.at(-1)!]);
  assert.deepEqual(follower.engine.checksum, leader.engine.checksum);
  leader.close();
  follower.close();
});
