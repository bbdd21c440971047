import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { decodeWalIndexHeader, type WalIndexHeader } from '../../src/wal/wal-index.ts';
import { BLOCK_BYTES, blockOf } from '../../src/wal/wal-index-hash.ts';
import { LiveDatabase } from './live-database.ts';
import { glance, SCHEMA } from './workload.ts';

/** Two equal database files with the workload's schema, in WAL mode, not open and without a WAL. */
export function makeFiles(directory: string, setup: string): { source: string; copy: string } {
  const source = path.join(directory, 'source.db');
  const copy = path.join(directory, 'copy.db');
  // Only exec: a connection whose statements were not collected yet would stay open behind close().
  const db = new DatabaseSync(source);
  db.exec(`${setup}; PRAGMA journal_mode=WAL; ${SCHEMA}`);
  db.close();
  assert.deepEqual(fs.readdirSync(directory), ['source.db'], 'SQLite still has it open');
  fs.copyFileSync(source, copy);
  return { source, copy };
}

/** Both open. */
export function makePair(
  directory: string,
  setup: string,
): { source: LiveDatabase; copy: LiveDatabase } {
  const { source, copy } = makeFiles(directory, setup);
  return { source: new LiveDatabase(source), copy: new LiveDatabase(copy) };
}

/**
 * Lets SQLite rebuild the wal-index from main file and WAL alone, and compares it with the one in
 * use.
 */
export function compareWithRecovery(copy: LiveDatabase, aside: string): void {
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

export function assertSound(database: LiveDatabase): void {
  const db = database.connect();
  assert.deepEqual(db.prepare('PRAGMA integrity_check').all().map(Object.values), [['ok']]);
  assert.deepEqual(db.prepare('PRAGMA foreign_key_check').all(), []);
}
