import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WalCommits } from '../../src/sqlite/wal-commits.ts';

/** A WAL in memory: of each frame its page, and the size of the database if it ends a commit. */
class Wal {
  readonly frames: { pgno: number; databasePages: number }[] = [];
  readonly commits = new WalCommits(
    {
      frameHeader: (frame) => this.frames[frame - 1]!,
      frameImage: (frame) => Uint8Array.of(frame),
      mainPage: () => Uint8Array.of(0),
    },
    [],
    2,
  );

  commit(index: number, databasePages: number, pgnos: readonly number[]): void {
    for (const [i, pgno] of pgnos.entries()) {
      this.frames.push({ pgno, databasePages: i === pgnos.length - 1 ? databasePages : 0 });
      this.commits.noteFrame(pgno);
    }
    this.commits.committed({ term: 1, index }, databasePages);
  }

  /** Each page that has to be written to go back, and the frame that has it; 0: the main file. */
  toUndo(index: number): [pgno: number, frame: number][] {
    const commit = this.commits.find({ term: 1, index })!;
    return this.commits.pagesToUndo(commit).map(({ pgno, image }) => [pgno, image[0]!]);
  }
}

function opened(): Wal {
  const wal = new Wal();
  wal.commits.opened({ term: 1, index: 5 });
  return wal;
}

test('a page is in its last frame, and in the main file if it has none', () => {
  const wal = opened();
  wal.commit(6, 2, [1, 2]);
  wal.commit(7, 2, [2]);
  assert.deepEqual(
    [1, 2, 3].map((pgno) => wal.commits.page(pgno)[0]),
    [1, 3, 0],
  );
  assert.deepEqual([wal.commits.has(2), wal.commits.has(3)], [true, false]);
});

test('going back takes the pages that changed since, as they were then', () => {
  const wal = opened();
  wal.commit(6, 2, [1]);
  wal.commit(7, 3, [1, 2, 3]);
  assert.deepEqual(wal.toUndo(6), [
    [1, 1],
    [2, 0],
  ]);
  assert.deepEqual(wal.toUndo(5), [
    [1, 0],
    [2, 0],
  ]);
  assert.deepEqual(wal.toUndo(7), []);
});

test('going back from a database that shrank brings back the pages it lost', () => {
  const wal = opened();
  wal.commit(6, 4, [3, 4]);
  wal.commit(7, 2, [1]);
  assert.deepEqual(wal.toUndo(6), [
    [1, 0],
    [3, 1],
    [4, 2],
  ]);
});

test('an emptied WAL leaves the last commit to go back to, and no earlier one', () => {
  const wal = opened();
  wal.commit(6, 2, [1]);
  wal.commit(7, 2, [2]);
  wal.commits.emptied();
  wal.frames.length = 0;
  wal.commit(8, 2, [2]);
  assert.equal(wal.commits.lastUpTo(6), undefined);
  assert.deepEqual(wal.commits.lastUpTo(7), {
    id: { term: 1, index: 7 },
    frame: 0,
    databasePages: 2,
  });
  assert.deepEqual(wal.toUndo(7), [[2, 0]]);
});

test('the commits of the WAL are told newest first, each with its pages', () => {
  const wal = opened();
  wal.commit(6, 2, [1, 2]);
  wal.commit(7, 3, [3]);
  const told = [...wal.commits.newestFirst()].map(({ frame, databasePages, pages }) => ({
    ...{ frame, databasePages, pgnos: pages.map(({ pgno }) => pgno) },
  }));
  assert.deepEqual(told, [
    { frame: 3, databasePages: 3, pgnos: [3] },
    { frame: 2, databasePages: 2, pgnos: [2, 1] },
  ]);
});
