import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChecksumValue, DatabaseChecksum, lockBytePage } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import type { EngineFixture } from './fixture.ts';
import { foreignly } from './foreign.ts';
import { scratch } from './scratch.ts';

/** The checksum of a main file, from its bytes alone. */
export function checksumOfPages(file: Uint8Array, pageSize: number): ChecksumValue {
  assert.equal(file.length % pageSize, 0, 'whole pages');
  const checksum = new DatabaseChecksum();
  const hasher = new PageHasher();
  for (let pgno = 1; pgno <= file.length / pageSize; pgno++) {
    if (pgno === lockBytePage(pageSize)) continue;
    const page = file.subarray((pgno - 1) * pageSize, pgno * pageSize);
    checksum.replace(null, hasher.hash(pgno, page).take());
  }
  return checksum.take();
}

/** The engine's checksum is that of all its pages, read one by one. */
export function assertChecksumFits({ engine, connections }: EngineFixture, when = ''): void {
  const { wal, pageSize } = connections;
  const all = new Uint8Array(wal.databasePages * pageSize);
  for (let pgno = 1; pgno <= wal.databasePages; pgno++)
    all.set(wal.readPage(pgno), (pgno - 1) * pageSize);
  assert.deepEqual(engine.checksum, checksumOfPages(all, pageSize), `checksum ${when}`);
}

/**
 * Copies the files as they are now, by another process: a descriptor that this one closed would drop the locks of its
 * connections. Without the `-shm`, as after a crash of the machine.
 */
export function copyFiles(path: string): string {
  const copy = join(scratch('copy'), 'main.db');
  for (const suffix of ['', '-wal'])
    if (existsSync(path + suffix)) execFileSync('cp', [path + suffix, copy + suffix]);
  return copy;
}

/** The database as another SQLite sees it: recovered from main file and WAL, folded into one file, sound. */
export function wholeFile(path: string): Buffer {
  const copy = copyFiles(path);
  const [check] = foreignly(copy, 'PRAGMA wal_checkpoint(TRUNCATE)', 'PRAGMA integrity_check').at(
    -1,
  ) as [string][];
  assert.deepEqual(check, ['ok']);
  return readFileSync(copy);
}

/** Same position, same checksum, same bytes. */
export function assertIdentical(one: EngineFixture, other: EngineFixture): void {
  assert.deepEqual(one.engine.position, other.engine.position);
  assert.deepEqual(one.engine.checksum, other.engine.checksum);
  const [a, b] = [wholeFile(one.path), wholeFile(other.path)];
  assert.equal(a.length, b.length);
  assert.ok(a.equals(b), 'the files differ');
  assert.deepEqual(
    checksumOfPages(a, one.connections.pageSize),
    one.engine.checksum,
    'the checksum of what another SQLite reads',
  );
}
