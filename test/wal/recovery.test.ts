import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { decodeWalIndexHeader, type WalIndexHeader } from '../../src/wal/wal-index.ts';
import { BLOCK_BYTES, blockOf } from '../../src/wal/wal-index-hash.ts';
import { Capture, Follower } from './follow.ts';
import { LiveDatabase, temporaryDirectory } from './live-database.ts';
import { glance, runTransaction, SCHEMA } from './workload.ts';

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
  { pageSize: 4096, autoVacuum: 'NONE', transactions: 200, seed: 5, block: 0 },
  { pageSize: 4096, autoVacuum: 'FULL', transactions: 200, seed: 6, block: 0 },
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
    const prng = new Prng(seed);
    const half = transactions >>> 1;
    for (let n = 0; n < transactions; n++) {
      if (n === half) follower.release(() => copy.truncate());
      if (n === half + 7) source.truncate();
      runTransaction(source.db, prng);
      const commit = capture.take();
      if (commit !== null) follower.append(commit);
      assert.deepEqual(glance(reader), glance(source.db), `after transaction ${n}`);
    }
    assert.ok(blockOf(follower.mxFrame) >= block, `only ${follower.mxFrame} frames`);
    compareWithRecovery(copy, path.join(directory, 'rebuilt.db'));
    assertSound(copy);
    follower.release(() => copy.truncate());
    source.truncate();
    assert.deepEqual(copy.all(''), source.all(''), 'the main files differ');
  });
}

/** Two databases from one file, in WAL mode, with empty WALs. */
function makePair(directory: string, setup: string): { source: LiveDatabase; copy: LiveDatabase } {
  const first = path.join(directory, 'source.db');
  const second = path.join(directory, 'copy.db');
  new LiveDatabase(first, `${setup}; ${SCHEMA}`).close();
  fs.copyFileSync(first, second);
  return { source: new LiveDatabase(first), copy: new LiveDatabase(second) };
}

/** Lets SQLite rebuild the wal-index from main file and WAL alone, and compares it with the one in use. */
function compareWithRecovery(copy: LiveDatabase, aside: string): void {
  fs.writeFileSync(aside, copy.all(''));
  fs.writeFileSync(`${aside}-wal`, copy.all('-wal'));
  const rebuilt = new LiveDatabase(aside);
  try {
    assert.deepEqual(glance(rebuilt.db), glance(copy.connect()));
    const ours = copy.all('-shm');
    const theirs = rebuilt.all('-shm');
    const header = decodeWalIndexHeader(ours);
    assert.deepEqual(comparable(header), comparable(decodeWalIndexHeader(theirs)));
    for (let block = 0; block <= blockOf(header.mxFrame); block++) {
      const from = block === 0 ? 136 : block * BLOCK_BYTES;
      const to = (block + 1) * BLOCK_BYTES;
      assert.deepEqual(ours.subarray(from, to), theirs.subarray(from, to), `block ${block}`);
    }
    assertSound(rebuilt);
  } finally {
    rebuilt.close();
  }
}

/** Recovery starts the change counter anew. */
function comparable(header: WalIndexHeader): Omit<WalIndexHeader, 'changeCounter'> {
  const { changeCounter: _, ...rest } = header;
  return rest;
}

function assertSound(database: LiveDatabase): void {
  const db = database.connect();
  assert.deepEqual(db.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
  assert.deepEqual(db.prepare('PRAGMA foreign_key_check').all(), []);
}
