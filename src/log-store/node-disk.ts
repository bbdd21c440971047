import {
  close,
  closeSync,
  constants,
  fdatasync,
  fsync,
  open,
  openSync,
  readSync,
  rename,
  unlink,
  write,
} from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { promisify } from 'node:util';
import { PacelineError, systemCode } from '../base/errors.ts';
import type { Disk, DiskFile, DiskReader, OpenMode } from './disk.ts';

/** Each is one job for libuv's threads, on a plain descriptor; none blocks the loop. */
const openFile = promisify(open);
const closeFile = promisify(close);
const syncFile = promisify(fsync);
const syncData = promisify(fdatasync);
const unlinkFile = promisify(unlink);

/**
 * On Linux a file whose writes are synced is open with O_DSYNC: a write returns when its data is on
 * disk, as if fdatasync followed, but in one job of libuv's thread pool instead of two. Elsewhere
 * that flag may stop at the drive's cache (macOS) or be missing, and the sync is a call of its own.
 */
const SYNCED_BY_WRITE = process.platform === 'linux';

/** The file system of this machine. */
export const NODE_DISK: Disk = {
  makeDirectory,
  list: (dir) => readdir(dir),
  readFile: async (path) => {
    const { buffer, byteOffset, length } = await readFile(path);
    return new Uint8Array(buffer, byteOffset, length);
  },
  openReader: (path) => new NodeReader(openSync(path, 'r')),
  open: async (path, mode) => new NodeFile(await openFile(path, flagsOf(mode)), mode.synced),
  rename: promisify(rename),
  remove,
  syncDirectory,
};

function flagsOf({ create, synced }: OpenMode): number {
  const { O_RDWR, O_CREAT, O_TRUNC, O_DSYNC } = constants;
  const creation = create ? O_CREAT | O_TRUNC : 0;
  return O_RDWR | creation | (synced && SYNCED_BY_WRITE ? O_DSYNC : 0);
}

class NodeFile implements DiskFile {
  readonly #fd: number;
  readonly #syncEach: boolean;

  constructor(fd: number, synced: boolean) {
    this.#fd = fd;
    this.#syncEach = synced && !SYNCED_BY_WRITE;
  }

  /** The kernel may take less than asked; the rest follows. */
  async write(bytes: Uint8Array, at: number): Promise<void> {
    let done = await writeSome(this.#fd, bytes, 0, at);
    while (done < bytes.length) {
      const more = await writeSome(this.#fd, bytes, done, at + done);
      if (more === 0) throw new PacelineError('IO', 'the file system accepted no bytes of a write');
      done += more;
    }
    if (this.#syncEach) await syncData(this.#fd);
  }

  sync(): Promise<void> {
    return syncFile(this.#fd);
  }

  close(): Promise<void> {
    return closeFile(this.#fd);
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

class NodeReader implements DiskReader {
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  read(into: Uint8Array, at: number): number {
    return readSync(this.#fd, into, 0, into.length, at);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** The name of each directory made is durable when the one that holds it is synced. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  let holder = resolve(path);
  do {
    holder = dirname(holder);
    await syncDirectory(holder);
  } while (holder.length > top.length);
}

async function remove(path: string): Promise<void> {
  try {
    await unlinkFile(path);
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
  }
}

async function syncDirectory(dir: string): Promise<void> {
  const fd = await openFile(dir, 'r');
  try {
    await syncFile(fd);
  } finally {
    await closeFile(fd);
  }
}
