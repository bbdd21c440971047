import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { mergeRecords } from '../../src/redo/merge.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import type { RedoRecord } from '../../src/redo/record.ts';
import { MemoryDatabase, randomPage } from './pages.ts';

const SIZE = 512;
const hasher = new PageHasher();

/** One commit: some pages edited or replaced, the database grown or shrunk. */
function randomCommit(database: MemoryDatabase, prng: Prng): RedoRecord {
  const before = database.images.length;
  const after = Math.max(1, before + prng.between(-4, 4));
  const changes = new Map<number, Uint8Array>();
  for (let pgno = 1; pgno <= after; pgno++) {
    const base = database.images[pgno - 1];
    if (base !== undefined && prng.chance(0.6)) continue;
    const image = base !== undefined && prng.chance(0.7) ? base.slice() : randomPage(prng, SIZE);
    image[prng.between(0, SIZE - 1)]! ^= 0x55;
    changes.set(pgno, image);
  }
  return database.commit(changes, after);
}

for (let seed = 1; seed <= 20; seed++) {
  test(`several records applied as one lead to the same database: seed ${seed}`, () => {
    const prng = new Prng(seed);
    const leader = new MemoryDatabase(SIZE);
    leader.images = Array.from({ length: 6 }, () => randomPage(prng, SIZE));
    const follower = leader.copy();
    const records = Array.from({ length: 8 }, () => randomCommit(leader, prng));
    const merged = mergeRecords(records, (pgno) => follower.images[pgno - 1]!, hasher);
    assert.deepEqual(merged.checksumBefore, follower.checksum().take());
    follower.images.length = Math.min(follower.images.length, merged.databasePages);
    for (const [pgno, { image }] of merged.pages) {
      assert.ok(pgno <= merged.databasePages, 'a page beyond the end');
      follower.images[pgno - 1] = image;
    }
    assert.deepEqual(follower.images, leader.images);
    assert.deepEqual(merged.checksumAfter, leader.checksum().take());
  });
}

test('records that do not follow one another are refused', () => {
  const prng = new Prng(30);
  const leader = new MemoryDatabase(SIZE);
  leader.images = [randomPage(prng, SIZE)];
  const base = leader.images[0]!;
  const [one, , three] = [1, 2, 3].map(() => {
    const image = leader.images[0]!.slice();
    image[1]! ^= 7 + prng.between(0, 9);
    return leader.commit(new Map([[1, image]]), 1);
  });
  const diverged = { code: 'DATABASE_DIVERGED' };
  assert.throws(() => mergeRecords([one!, three!], () => base, hasher), diverged);
});

test('a base that differs from the leader is noticed', () => {
  const prng = new Prng(31);
  const leader = new MemoryDatabase(SIZE);
  leader.images = [randomPage(prng, SIZE)];
  const base = leader.images[0]!.slice();
  const image = base.slice();
  image[1]! ^= 7;
  const record = leader.commit(new Map([[1, image]]), 1);
  base[400]! ^= 1;
  const diverged = { code: 'DATABASE_DIVERGED' };
  assert.throws(() => mergeRecords([record], () => base, hasher), diverged);
});
