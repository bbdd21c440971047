import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { compareMembers } from '../../demo/compare.ts';
import { messageOf } from '../../src/base/errors.ts';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { databaseOf } from '../../test/cluster/files.ts';
import { BALLAST_WITHOUT_PARTS } from './ballast.ts';
import type { ChaosCluster } from './cluster.ts';
import { findLeftovers } from './leftovers.ts';

/** What is wrong with the files of members that stopped. */
export async function judgeFiles(cluster: ChaosCluster): Promise<string[]> {
  const { identical, lines } = await compareMembers(cluster.members);
  const found = identical ? [] : lines.map((line) => `files differ: ${line}`);
  for (const name of readdirSync(cluster.temporary, { recursive: true }))
    found.push(`a member left the temporary file ${name}`);
  for (const { id, settings } of cluster.members) {
    for (const name of findLeftovers(settings.dir)) found.push(`${id} left the file ${name}`);
    for (const line of checkDatabase(cluster.dir, databaseOf(settings.dir)))
      found.push(`database of ${id}: ${line}`);
  }
  return found;
}

/** What SQLite's own checks say of a copy: opening the file itself could change it. */
function checkDatabase(dir: string, path: string): string[] {
  const copy = join(dir, 'checked.db');
  copyFileSync(path, copy);
  try {
    return pragmas(copy);
  } catch (error) {
    return [messageOf(error)];
  } finally {
    for (const suffix of ['', '-wal', '-shm']) rmSync(copy + suffix, { force: true });
  }
}

function pragmas(path: string): string[] {
  const database = new DatabaseSync(path);
  try {
    const integrity = database.prepare('PRAGMA integrity_check').all().flatMap(Object.values);
    const keys = database.prepare('PRAGMA foreign_key_check').all();
    const ballast = database.prepare(BALLAST_WITHOUT_PARTS).all();
    return [
      ...integrity.filter((line) => line !== 'ok').map((line) => `integrity_check: ${line}`),
      ...keys.map((row) => `foreign_key_check: ${JSON.stringify(row)}`),
      ...ballast.map((row) => `ballast without its parts: ${JSON.stringify(row)}`),
    ];
  } finally {
    database.close();
  }
}
