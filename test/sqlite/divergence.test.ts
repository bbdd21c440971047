import assert from 'node:assert/strict';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import type { Entry } from '../../src/raft/entry.ts';
import { EngineFixture } from './fixture.ts';
import { assertIdentical, copyFiles } from './scan.ts';

const PAGE = 1024;
const TEXT = 'the quick brown fox jumps over the lazy dog';

function pair(): { leader: EngineFixture; follower: EngineFixture } {
  const leader = new EngineFixture({ pageSize: PAGE });
  const follower = new EngineFixture({ pageSize: PAGE });
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 200; i++) leader.run(['INSERT INTO t(v) VALUES (?)', [`${i} ${TEXT}`]]);
  follower.follow(leader);
  return { leader, follower };
}

/** Flips a bit of the last place where the text stands: in the row of id 200, behind the back of a closed member. */
function flip(path: string): void {
  const fd = openSync(path, 'r+');
  const bytes = Buffer.alloc(1_000_000);
  const file = bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, 0));
  const at = file.lastIndexOf(`199 ${TEXT}`) + 10;
  assert.ok(at > 10, 'the text is in the file');
  writeSync(fd, Buffer.from([file[at]! ^ 1]), 0, 1, at);
  closeSync(fd);
}

for (const where of ['main file', 'WAL'] as const)
  test(`a page that was damaged in the ${where} is noticed when it changes, and nothing is written`, () => {
    const { leader, follower } = pair();
    if (where === 'main file') follower.checkpoint();
    const path = copyFiles(follower.path);
    // SQLite's recovery would end the WAL before a damaged frame: damage what it has recovered.
    const damagedMain = where === 'main file';
    if (damagedMain) flip(path);
    const restarted = new EngineFixture({
      existing: { path, checksum: follower.engine.checksum },
      engine: { pageCacheBytes: 1 },
    });
    if (!damagedMain) flip(`${path}-wal`);
    const { position } = restarted.engine;
    leader.run("UPDATE t SET v = 'elsewhere' WHERE id = 1");
    restarted.follow(leader);
    assert.notDeepEqual(restarted.engine.position, position, 'other pages can change');
    leader.run("UPDATE t SET v = v || '!' WHERE id = 200");
    const before = restarted.engine.position;
    assert.throws(() => restarted.follow(leader), { code: 'DATABASE_DIVERGED', category: 'fault' });
    assert.deepEqual(restarted.engine.position, before);
  });

test('a damaged page is noticed when it is overwritten as a whole, or dropped', () => {
  const { leader, follower } = pair();
  follower.checkpoint();
  const path = copyFiles(follower.path);
  flip(path);
  const restarted = new EngineFixture({ existing: { path, checksum: follower.engine.checksum } });
  leader.run('UPDATE t SET v = randomblob(50)');
  assert.throws(() => restarted.follow(leader), { code: 'DATABASE_DIVERGED' });
});

test('a member that starts with another checksum than its database has is told so at its next entry', () => {
  const { leader, follower } = pair();
  const { hi, lo } = follower.engine.checksum;
  const existing = { path: copyFiles(follower.path), checksum: { hi, lo: (lo ^ 1) >>> 0 } };
  const restarted = new EngineFixture({ existing });
  leader.run('INSERT INTO t(v) VALUES (1)');
  assert.throws(() => restarted.follow(leader), {
    code: 'DATABASE_DIVERGED',
    message: /before entry 1\.\d+: it is rebuilt from another member/,
  });
});

test('entries of another history do not apply', () => {
  const { leader, follower } = pair();
  const other = new EngineFixture({ pageSize: PAGE });
  other.lead();
  other.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < 201; i++) other.run(['INSERT INTO t(v) VALUES (?)', [`${i} other`]]);
  assert.throws(() => follower.follow(other), { code: 'DATABASE_DIVERGED' });
  leader.run('INSERT INTO t(v) VALUES (1)');
  follower.follow(leader);
  assertIdentical(leader, follower);
});

test('damaged entries are refused, and the database stays as it was', () => {
  const { leader, follower } = pair();
  leader.run("INSERT INTO t(v) VALUES ('next')");
  const entry = leader.log.at(-1) as Entry;
  let refused = 0;
  for (let at = 0; at < entry.data.length; at++) {
    const data = entry.data.slice();
    data[at]! ^= 0x10;
    assert.throws(
      () => follower.engine.apply([{ ...entry, data }]),
      (error: { code?: string }) =>
        ['RECORD_DAMAGED', 'DATABASE_DIVERGED', 'PROTOCOL_MISMATCH'].includes(error.code ?? ''),
      `byte ${at}`,
    );
    refused++;
  }
  assert.equal(refused, entry.data.length);
  follower.follow(leader);
  assertIdentical(leader, follower);
});
