import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { Prng } from '../../src/base/prng.ts';
import { blockOf } from '../../src/wal/wal-index-hash.ts';
import { Capture, Follower } from './follow.ts';
import { temporaryDirectory } from './live-database.ts';
import { assertSound, compareWithRecovery, makePair } from './pair.ts';
import { glance, runTransaction } from './workload.ts';

interface Case {
  readonly pageSize: number;
  readonly autoVacuum: 'NONE' | 'FULL' | 'INCREMENTAL';
  readonly transactions: number;
  readonly seed: number;
  /** The WAL has to reach into this block of the wal-index. */
  readonly block: number;
}

const CASES: readonly Case[] = [
  { pageSize: 512, autoVacuum: 'FULL', transactions: 220, seed: 1, block: 2 },
  { pageSize: 512, autoVacuum: 'INCREMENTAL', transactions: 150, seed: 2, block: 2 },
  { pageSize: 1024, autoVacuum: 'INCREMENTAL', transactions: 150, seed: 3, block: 1 },
  { pageSize: 1024, autoVacuum: 'NONE', transactions: 300, seed: 4, block: 1 },
  { pageSize: 2048, autoVacuum: 'FULL', transactions: 60, seed: 8, block: 0 },
  { pageSize: 4096, autoVacuum: 'NONE', transactions: 200, seed: 5, block: 0 },
  { pageSize: 4096, autoVacuum: 'FULL', transactions: 200, seed: 6, block: 0 },
  { pageSize: 8192, autoVacuum: 'NONE', transactions: 60, seed: 9, block: 0 },
  { pageSize: 16384, autoVacuum: 'INCREMENTAL', transactions: 50, seed: 10, block: 0 },
  { pageSize: 32768, autoVacuum: 'FULL', transactions: 50, seed: 11, block: 0 },
  { pageSize: 65536, autoVacuum: 'INCREMENTAL', transactions: 80, seed: 7, block: 0 },
];

for (const { pageSize, autoVacuum, transactions, seed, block } of CASES) {
  const name = `pages of ${pageSize}, auto_vacuum ${autoVacuum}, seed ${seed}`;
  test(`a copy follows commit by commit, and SQLite's recovery agrees: ${name}`, (t) => {
    const directory = temporaryDirectory(t);
    const pair = makePair(
      directory,
      `PRAGMA page_size=${pageSize}; PRAGMA auto_vacuum=${autoVacuum}`,
    );
    const { source, copy } = pair;
    t.after(() => {
      source.close();
      copy.close();
    });
    const reader = copy.connect();
    const capture = new Capture(source);
    const follower = new Follower(copy, pageSize);
    const held = new HeldReader(copy.connect());
    const checkpointer = copy.connect();
    const prng = new Prng(seed);
    const half = transactions >>> 1;
    for (let n = 0; n < transactions; n++) {
      if (n === half) {
        held.release();
        follower.checkpoint();
      }
      if (n % 20 === 0) held.renew();
      // Beside the appends, and often with a snapshot in its way.
      if (n % 6 === 5) checkpointer.exec('PRAGMA wal_checkpoint(PASSIVE)');
      if (n === half + 7) source.truncate();
      runTransaction(source.db, prng);
      const commit = capture.take();
      if (commit !== null) follower.append(commit);
      assert.deepEqual(glance(reader), glance(source.db), `after transaction ${n}`);
    }
    held.release();
    assert.ok(blockOf(follower.mxFrame) >= block, `only ${follower.mxFrame} frames`);
    compareWithRecovery(copy, path.join(directory, 'rebuilt.db'));
    assertSound(copy);
    follower.checkpoint();
    source.truncate();
    assert.deepEqual(copy.all(''), source.all(''), 'the main files differ');
  });
}

/** A connection whose snapshot must not change while commits are appended and checkpointed. */
class HeldReader {
  readonly #db: DatabaseSyncInstance;
  #seen: unknown;

  constructor(db: DatabaseSyncInstance) {
    this.#db = db;
  }

  /** Checks that the old snapshot is what it was, and takes a new one. */
  renew(): void {
    this.release();
    this.#db.exec('BEGIN');
    this.#seen = glance(this.#db);
  }

  release(): void {
    if (!this.#db.isTransaction) return;
    assert.deepEqual(glance(this.#db), this.#seen, 'the snapshot changed');
    this.#db.exec('COMMIT');
  }
}
