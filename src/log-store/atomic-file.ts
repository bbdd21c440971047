import { dirname } from 'node:path';
import type { Disk } from './disk.ts';
import { TEMPORARY_SUFFIX } from './layout.ts';
import { NODE_DISK } from './node-disk.ts';

/**
 * Puts `bytes` at `path` so that a crash at any point leaves either the file that was there before
 * or the new one, whole. Durable when it returns.
 */
export async function writeFileAtomically(
  path: string,
  bytes: Uint8Array,
  disk: Disk = NODE_DISK,
): Promise<void> {
  const temporary = path + TEMPORARY_SUFFIX;
  const file = await disk.open(temporary, { create: true, synced: false });
  try {
    await file.write(bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(temporary, path);
  await disk.syncDirectory(dirname(path));
}
