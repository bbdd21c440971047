import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { DatabaseFiles } from '../../src/sqlite/database-files.ts';
import { WalFile } from '../../src/sqlite/wal-file.ts';
import { storedCommits } from '../../src/sqlite/wal-positions.ts';
import { WAL_HEADER_BYTES } from '../../src/wal/format.ts';
import { EngineFixture, write } from './fixture.ts';

function leading(): EngineFixture {
  const leader = new EngineFixture({ pageSize: 1024 });
  leader.lead();
  leader.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  return leader;
}

test('opened on a WAL with frames it reads every page as the one that wrote them', () => {
  const leader = leading();
  leader.checkpoint();
  for (let i = 0; i < 40; i++) leader.run(`INSERT INTO t(v) VALUES (randomblob(${i * 50}))`);
  const { wal } = leader.connections;
  const again = new WalFile(new DatabaseFiles(leader.path), 1024);
  assert.deepEqual(
    [again.frames, again.databasePages, again.bytes],
    [wal.frames, wal.databasePages, wal.bytes],
  );
  for (let pgno = 1; pgno <= wal.databasePages; pgno++) {
    assert.deepEqual(again.readPage(pgno), wal.readPage(pgno), `page ${pgno}`);
    assert.equal(again.isInWal(pgno), wal.isInWal(pgno));
  }
});

test('the size of the database is right with a WAL and without', () => {
  const leader = leading();
  const size = () => (leader.all('PRAGMA page_count') as { page_count: number }[])[0]!.page_count;
  leader.run('INSERT INTO t(v) VALUES (zeroblob(50000))');
  assert.equal(leader.connections.wal.databasePages, size());
  leader.checkpoint();
  assert.equal(leader.connections.wal.databasePages, size());
  assert.equal(leader.connections.wal.mainFilePages(), size());
  assert.equal(new WalFile(new DatabaseFiles(leader.path), 1024).databasePages, size());
});

test('commits are told newest first, with their pages, and last what the main file is', () => {
  const leader = leading();
  leader.checkpoint();
  const expected = [{ index: leader.engine.position.index, frame: 0 }];
  const { wal } = leader.connections;
  for (let i = 0; i < 5; i++) {
    leader.runWrites([write([`INSERT INTO t(v) VALUES (zeroblob(${i * 3000}))`])]);
    expected.unshift({ index: leader.engine.position.index, frame: wal.frames });
  }
  const found = [...storedCommits(wal, 'test-cluster')];
  assert.deepEqual(
    found.map(({ id, frame }) => ({ index: id.index, frame })),
    expected,
  );
  let after = wal.frames;
  for (const { frame, pages, databasePages } of wal.commitsNewestFirst()) {
    assert.equal(frame, after);
    assert.ok(databasePages >= 5);
    after -= pages.length;
  }
  assert.equal(after, 0);
  assert.deepEqual([...storedCommits(wal, 'another cluster')], []);
});

test('undoing takes the pages that changed since, as they were, and those that were cut off', () => {
  const leader = leading();
  leader.run('INSERT INTO t(v) VALUES (1)');
  const { wal } = leader.connections;
  const then = new Map<number, Uint8Array>();
  for (let pgno = 1; pgno <= wal.databasePages; pgno++) then.set(pgno, wal.readPage(pgno));
  const commit = wal.findCommit(leader.engine.position)!;
  for (let i = 0; i < 4; i++) leader.run('INSERT INTO t(v) VALUES (zeroblob(5000))');
  const pages = wal.pagesToUndo(commit);
  assert.ok(pages.length > 0);
  for (const { pgno, image } of pages) assert.deepEqual(image, then.get(pgno), `page ${pgno}`);
  for (const [pgno, image] of then)
    if (!pages.some((page) => page.pgno === pgno)) assert.deepEqual(wal.readPage(pgno), image);
});

test('a WAL that is begun anew has its header on disk before any frame is written', () => {
  const leader = leading();
  const follower = new EngineFixture({ pageSize: 1024 });
  const { files } = follower.connections;
  const synced: number[] = [];
  const sync = files.syncWal.bind(files);
  files.syncWal = () => {
    sync();
    synced.push(statSync(`${follower.path}-wal`).size);
  };
  const apply = () => {
    leader.run('INSERT INTO t(v) VALUES (1)');
    follower.follow(leader);
  };
  apply();
  apply();
  assert.deepEqual(synced, [WAL_HEADER_BYTES]);
  follower.checkpoint();
  assert.equal(statSync(`${follower.path}-wal`).size, 0);
  apply();
  apply();
  assert.deepEqual(synced, [WAL_HEADER_BYTES, WAL_HEADER_BYTES]);
});
