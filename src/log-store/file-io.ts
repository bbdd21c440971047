import { close, fdatasync, fsync, open, rename, unlink, write } from 'node:fs';
import { promisify } from 'node:util';
import { PacelineError } from '../base/errors.ts';

/**
 * Asynchronous file calls on plain descriptors: each is one job for libuv's threads, none blocks
 * the loop.
 */
export const openFile = promisify(open);
export const closeFile = promisify(close);
export const syncFile = promisify(fsync);
export const syncData = promisify(fdatasync);
export const renameFile = promisify(rename);
export const unlinkFile = promisify(unlink);

/** Writes all of `bytes` at `position`. The kernel may take less than asked; the rest follows. */
export async function writeAll(fd: number, bytes: Uint8Array, position: number): Promise<void> {
  let done = await writeSome(fd, bytes, 0, position);
  while (done < bytes.length) {
    const more = await writeSome(fd, bytes, done, position + done);
    if (more === 0) throw new PacelineError('IO', 'the file system accepted no bytes of a write');
    done += more;
  }
}

function writeSome(fd: number, bytes: Uint8Array, from: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(fd, bytes, from, bytes.length - from, position, (error, written) => {
      if (error === null) resolve(written);
      else reject(error);
    });
  });
}

/** Makes names in a directory durable: created, renamed, removed. */
export async function syncDirectory(dir: string): Promise<void> {
  const fd = await openFile(dir, 'r');
  try {
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
}

/**
 * Removes a file; that it is already gone is success, because steps may be repeated after a crash.
 */
export async function removeFile(path: string): Promise<void> {
  try {
    await unlinkFile(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

/** `ENOSPC`, `EIO` and the like; undefined for other errors. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
