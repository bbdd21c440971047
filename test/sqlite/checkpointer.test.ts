import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { after, test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { Checkpointer, type CheckpointFiles } from '../../src/sqlite/checkpointer.ts';
import { Pin } from '../../src/sqlite/pin.ts';
import { decodeFrameHeader, FRAME_HEADER_BYTES, frameOffset } from '../../src/wal/format.ts';
import { EngineFixture } from './fixture.ts';
import { foreignly } from './foreign.ts';
import { copyFiles } from './scan.ts';

const PAGE_SIZE = 1024;
const INSERT = 'INSERT INTO t(v) VALUES (hex(randomblob(400)))';

/** A leader that has written `rows`, with a checkpointer of its database. */
function written(rows: number) {
  const fixture = new EngineFixture({ pageSize: PAGE_SIZE });
  fixture.lead();
  fixture.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  for (let i = 0; i < rows; i++) fixture.run(INSERT);
  const { path, mainFd, walFd } = fixture.connections.files;
  const checkpointer = new Checkpointer({ path, mainFd, walFd }, 0);
  after(() => {
    checkpointer.close();
    fixture.close();
  });
  return { fixture, checkpointer, wal: `${path}-wal` };
}

test('a restart empties the WAL and keeps its file, which is then written over', () => {
  const { fixture, checkpointer, wal } = written(100);
  const { engine, connections } = fixture;
  const { size } = statSync(wal);
  engine.unlock();
  assert.deepEqual(checkpointer.run('RESTART'), { busy: false, walFrames: 0, copiedFrames: 0 });
  engine.lock();
  assert.equal(connections.wal.frames, 0);
  assert.equal(statSync(wal).size, size);
  fixture.run(INSERT);
  assert.ok(connections.wal.frames > 0 && connections.wal.frames < 10);
  assert.equal(statSync(wal).size, size);
  assert.deepEqual(fixture.all('SELECT count(*) AS n FROM t'), [{ n: 101 }]);
  assert.deepEqual(fixture.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});

test('nothing of what a restart writes to get there is ever seen', () => {
  const { fixture, checkpointer } = written(20);
  const before = fixture.all('SELECT * FROM sqlite_schema');
  fixture.engine.unlock();
  checkpointer.run('RESTART');
  const copy = copyFiles(fixture.path);
  fixture.engine.lock();
  assert.deepEqual(fixture.all('SELECT * FROM sqlite_schema'), before);
  const [tables, rows] = foreignly(
    copy,
    "SELECT count(*) FROM sqlite_schema WHERE name = '_paceline_large'",
    'SELECT count(*) FROM t',
  );
  assert.deepEqual([tables, rows], [[[0]], [[20]]]);
});

test('after a crash the frames of before a restart, behind those of after it, are none', () => {
  const { fixture, checkpointer, wal } = written(100);
  fixture.engine.unlock();
  checkpointer.run('RESTART');
  fixture.engine.lock();
  fixture.run(INSERT);
  const { frames } = fixture.connections.wal;
  const old = readFileSync(wal).subarray(frameOffset(PAGE_SIZE, frames + 1));
  assert.ok(decodeFrameHeader(old.subarray(0, FRAME_HEADER_BYTES)).pgno > 0, 'an old frame');
  const crashed = fixture.crashed();
  assert.deepEqual(crashed.engine.position, fixture.engine.position);
  assert.deepEqual(crashed.all('SELECT count(*) AS n FROM t'), [{ n: 101 }]);
  assert.deepEqual(crashed.all('PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
  crashed.close();
});

test('a reader of the WAL keeps it from being restarted, and sees what it saw', () => {
  const { fixture, checkpointer } = written(50);
  const pin = new Pin(fixture.path);
  pin.take();
  const { frames } = fixture.connections.wal;
  fixture.run(INSERT);
  fixture.engine.unlock();
  const reply = checkpointer.run('RESTART');
  fixture.engine.lock();
  assert.equal('busy' in reply && reply.busy, true);
  assert.ok(fixture.connections.wal.frames > frames);
  pin.release();
  fixture.engine.unlock();
  assert.deepEqual(checkpointer.run('RESTART'), { busy: false, walFrames: 0, copiedFrames: 0 });
  fixture.engine.lock();
  pin.close();
});

test('a foreign lock that is taken in the middle of a restart holds it up, which is no failure', () => {
  const { fixture, checkpointer } = written(50);
  const { path, mainFd, walFd } = fixture.connections.files;
  const foreign = new DatabaseSync(path, { timeout: 0 });
  /** In whose way the foreign connection gets, when the WAL is copied and is to be begun anew. */
  class Late extends DatabaseSync {
    override exec(sql: string): void {
      if (sql === 'BEGIN IMMEDIATE') foreign.exec(sql);
      super.exec(sql);
    }
  }
  const late = new Checkpointer({ path, mainFd, walFd }, 0, Late);
  fixture.engine.unlock();
  const { frames } = fixture.connections.wal;
  assert.deepEqual(late.run('RESTART'), { busy: true, walFrames: frames, copiedFrames: frames });
  foreign.exec('ROLLBACK');
  assert.deepEqual(checkpointer.run('RESTART'), { busy: false, walFrames: 0, copiedFrames: 0 });
  fixture.engine.lock();
  late.close();
  foreign.close();
});

test('what makes a checkpoint fail is told with the file', () => {
  const { fixture } = written(1);
  const files: CheckpointFiles = { path: fixture.path, mainFd: 2 ** 30, walFd: 2 ** 30 };
  const broken = new Checkpointer(files, 0);
  const reply = broken.run('PASSIVE');
  assert.match('error' in reply ? reply.error : '', new RegExp(`^${fixture.path}: EBADF`));
  assert.equal('unsynced' in reply && reply.unsynced, true);
  broken.close();
});

test('a truncation gives the space back', () => {
  const { fixture, checkpointer, wal } = written(50);
  fixture.engine.unlock();
  checkpointer.run('TRUNCATE');
  fixture.engine.lock();
  assert.equal(statSync(wal).size, 0);
});

test('a follower writes over a WAL that was restarted', () => {
  const { fixture: leader } = written(100);
  const follower = new EngineFixture({ pageSize: PAGE_SIZE });
  follower.follow(leader);
  const { path, mainFd, walFd } = follower.connections.files;
  const checkpointer = new Checkpointer({ path, mainFd, walFd }, 0);
  for (let i = 0; i < 3; i++) leader.run(INSERT);
  for (let upTo = follower.engine.position.index; upTo <= leader.engine.position.index; upTo++) {
    follower.engine.unlock();
    assert.deepEqual(checkpointer.run('RESTART'), { busy: false, walFrames: 0, copiedFrames: 0 });
    follower.engine.lock();
    follower.follow(leader, upTo + 1);
    const crashed = follower.crashed();
    assert.deepEqual(crashed.engine.position, follower.engine.position);
    crashed.close();
  }
  assert.deepEqual(follower.all('SELECT count(*) AS n FROM t'), [{ n: 103 }]);
  checkpointer.close();
  follower.close();
});

test('what keeps the WAL from being synced is told', () => {
  const { fixture, checkpointer } = written(1);
  assert.equal(checkpointer.syncWal(), null);
  const closed = openSync(fixture.path, 'r');
  const files: CheckpointFiles = { path: fixture.path, mainFd: closed, walFd: 2 ** 30 };
  const broken = new Checkpointer(files, 0);
  assert.match(String(broken.syncWal()), new RegExp(`^${fixture.path}-wal: EBADF`));
  broken.close();
  closeSync(closed);
});
