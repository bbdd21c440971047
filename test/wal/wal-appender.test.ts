import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { WalAppender } from '../../src/wal/wal-appender.ts';
import { Capture, Follower } from './follow.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';
import { makePair } from './pair.ts';

const ADD = "INSERT INTO audit(what) VALUES ('added')";
const COUNT = 'SELECT count(*) AS n FROM audit';

test('a reader keeps its snapshot while commits are appended', (t) => {
  const { source, copy } = makePair(temporaryDirectory(t), '');
  const capture = new Capture(source);
  const follower = new Follower(copy, 4096);
  const reader = copy.connect();
  const count = () => (reader.prepare(COUNT).get() as { n: number }).n;
  const add = () => {
    source.db.exec(ADD);
    const commit = capture.take();
    assert.ok(commit !== null);
    follower.append(commit);
  };
  add();
  reader.exec('BEGIN');
  assert.equal(count(), 1);
  add();
  add();
  assert.equal(count(), 1);
  reader.exec('COMMIT');
  assert.equal(count(), 3);
  source.close();
  copy.close();
});

test('no other connection can write between the appends', (t) => {
  const { source, copy } = makePair(temporaryDirectory(t), '');
  const follower = new Follower(copy, 4096);
  assert.throws(() => copy.db.exec(ADD), /locked/);
  follower.unlock();
  copy.db.exec(ADD);
  source.close();
  copy.close();
});

test('the WAL is begun with the salts given when it holds no frames, and only then', (t) => {
  const live = new LiveDatabase(path.join(temporaryDirectory(t), 'a.db'), 'CREATE TABLE t(x)');
  live.truncate();
  const appender = new WalAppender(live.reader('-shm'), 4096);
  const pages = [{ pgno: 2, image: new Uint8Array(4096) }];
  assert.equal(appender.mustStart, true);
  const start = { salt1: 8, salt2: 9, checkpointSequence: 1 };
  const first = appender.append(pages, 2, () => start);
  assert.deepEqual(
    first.wal.map(({ offset }) => offset),
    [0, 32],
  );
  assert.deepEqual([first.begins, appender.mustStart], [true, false]);
  const second = appender.append(pages, 2, () => assert.fail('asked for'));
  assert.deepEqual(
    second.wal.map(({ offset }) => offset),
    [32 + 24 + 4096],
  );
  assert.equal(second.begins, false);
  assert.equal(appender.header.salt1, 8);
  assert.equal(appender.header.mxFrame, 2);
  live.close();
});

test('a WAL of another page size is refused', (t) => {
  const live = new LiveDatabase(path.join(temporaryDirectory(t), 'a.db'));
  live.db.exec('CREATE TABLE t(x)');
  assert.throws(() => new WalAppender(live.reader('-shm'), 1024), { code: 'DATABASE_DAMAGED' });
  live.close();
});
