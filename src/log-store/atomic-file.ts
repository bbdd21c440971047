import { dirname } from 'node:path';
import { closeFile, openFile, renameFile, syncDirectory, syncFile, writeAll } from './file-io.ts';
import { TEMPORARY_SUFFIX } from './layout.ts';

/**
 * Puts `bytes` at `path` so that a crash at any point leaves either the file that was there before
 * or the new one, whole. Durable when it returns.
 */
export async function writeFileAtomically(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = path + TEMPORARY_SUFFIX;
  const fd = await openFile(temporary, 'w');
  try {
    await writeAll(fd, bytes, 0);
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
  await renameFile(temporary, path);
  await syncDirectory(dirname(path));
}
