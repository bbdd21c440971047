import { must } from '../../src/base/assert.ts';
import { PacelineError } from '../../src/base/errors.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { SnapshotFiles, WritableFile } from '../../src/member/snapshot-files.ts';
import type { MemberHome } from './database/member-database.ts';
import type { SimThread } from './thread.ts';

/** What is left of a file that is being received, on the medium: synced up to here, the rest anything. */
export interface StoredFile {
  bytes: Uint8Array;
  syncedBytes: number;
}

export interface SnapshotDisk {
  readonly files: Map<string, StoredFile>;
  readonly texts: Map<string, string>;
  full: boolean;
  /** What a process asks for at a time. */
  chunkBytes: number;
  /** So much longer it takes to read a part of a snapshot. */
  readMs: number;
}

export function newSnapshotDisk(chunkBytes: number, readMs: number): SnapshotDisk {
  return { files: new Map(), texts: new Map(), full: false, chunkBytes, readMs };
}

/** A loss of power: of what was not synced, any part may be there afterwards. */
export function losePower(disk: SnapshotDisk, prng: Prng): void {
  for (const [path, file] of disk.files) {
    const size = prng.between(file.syncedBytes, file.bytes.length);
    const bytes = file.bytes.slice(0, size);
    if (size > file.syncedBytes && prng.chance(0.3)) bytes.fill(0, file.syncedBytes);
    disk.files.set(path, { bytes, syncedBytes: file.syncedBytes });
  }
}

/** The files of snapshots as one process has them: the twin of `diskFiles`. */
export function simSnapshotFiles(
  disk: SnapshotDisk,
  thread: SimThread,
  readFile: MemberHome['readFile'],
  ioMs: () => number,
): SnapshotFiles {
  return {
    chunkBytes: disk.chunkBytes,
    read(fd, into, offset, done) {
      thread.after(ioMs() + disk.readMs, () => {
        const bytes = readFile(fd, into, offset);
        if (bytes === null) done(new Error('EBADF: the file is gone'), 0);
        else done(null, bytes);
      });
    },
    readText: (path) => disk.texts.get(path) ?? null,
    writeText(path, text) {
      checkRoom(disk);
      disk.texts.set(path, text);
    },
    remove(path) {
      disk.files.delete(path);
      disk.texts.delete(path);
    },
    exists: (path) => disk.files.has(path),
    open: (path, fresh) => openFile(disk, thread, path, fresh, ioMs),
  };
}

function openFile(
  disk: SnapshotDisk,
  thread: SimThread,
  path: string,
  fresh: boolean,
  ioMs: () => number,
): WritableFile {
  if (fresh) disk.files.set(path, { bytes: new Uint8Array(0), syncedBytes: 0 });
  const file = must(disk.files.get(path), path);
  return {
    get bytes() {
      return file.bytes.length;
    },
    read(into, offset) {
      const part = file.bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
    write(data, offset) {
      checkRoom(disk);
      const grown = new Uint8Array(Math.max(file.bytes.length, offset + data.length));
      grown.set(file.bytes);
      grown.set(data, offset);
      file.bytes = grown;
    },
    sync(done) {
      const { length } = file.bytes;
      thread.after(ioMs(), () => {
        file.syncedBytes = Math.max(file.syncedBytes, length);
        done(null);
      });
    },
    close: () => {},
  };
}

function checkRoom({ full }: SnapshotDisk): void {
  if (full) throw new PacelineError('DISK_FULL', 'no room left');
}
