import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseChecksum, lockBytePage } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import type { Cluster } from './fixture.ts';
import { converge } from './fixture.ts';

export const databaseOf = (dir: string) => join(dir, 'db', 'main.db');

/** The checksum of a database file, calculated over all of it. */
export function fileChecksum(bytes: Uint8Array): string {
  const pageSize = ((bytes[16]! << 8) | bytes[17]!) === 1 ? 65536 : (bytes[16]! << 8) | bytes[17]!;
  const hasher = new PageHasher();
  const checksum = new DatabaseChecksum();
  for (let pgno = 1; pgno * pageSize <= bytes.length; pgno++) {
    if (pgno === lockBytePage(pageSize)) continue;
    const page = bytes.subarray((pgno - 1) * pageSize, pgno * pageSize);
    checksum.replace(null, hasher.hash(pgno, page));
  }
  return checksum.toHex();
}

/**
 * Stops all members when they have met, followers first so that nobody is elected meanwhile, and compares their database files byte
 * for byte; what their status said of them must be so, too.
 */
export async function stopAndCompare(cluster: Cluster): Promise<void> {
  const leader = await cluster.leader();
  const { checksum } = await converge(cluster.members);
  for (const member of [...cluster.others(leader), leader]) await member.close();
  const files = cluster.members.map(({ dir }) => readFileSync(databaseOf(dir)));
  cluster.members.forEach(({ id, dir }, i) => {
    const wal = `${databaseOf(dir)}-wal`;
    assert.ok(!existsSync(wal) || statSync(wal).size === 0, `${id} left nothing in its WAL`);
    assert.ok(
      files[i]!.equals(files[0]!),
      `the file of ${id} is that of ${cluster.members[0]!.id}`,
    );
  });
  assert.equal(
    fileChecksum(files[0]!),
    checksum,
    'the checksum that status told is that of the file',
  );
}
