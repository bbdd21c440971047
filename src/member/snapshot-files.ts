import {
  closeSync,
  existsSync,
  fstatSync,
  fsync,
  openSync,
  read,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';

/** The files that giving and receiving snapshots needs: those on disk, or a simulator's. What fails throws, or is told to `done`. */
export interface SnapshotFiles {
  /** What is asked for and written at a time: a multiple of every page size. */
  readonly chunkBytes: number;
  /** Reads into `into` beside the running work; `done` is told how much there was. */
  read(
    fd: number,
    into: Uint8Array,
    offset: number,
    done: (error: Error | null, bytes: number) => void,
  ): void;
  /** The whole of a small file; null if there is none. */
  readText(path: string): string | null;
  /** Writes a small file that is there with all of its content, or not at all. */
  writeText(path: string, text: string): void;
  remove(path: string): void;
  exists(path: string): boolean;
  /** Opens a file to be written; `fresh`: an empty one. */
  open(path: string, fresh: boolean): WritableFile;
}

export interface WritableFile {
  readonly bytes: number;
  read(into: Uint8Array, offset: number): number;
  /** All of it. */
  write(data: Uint8Array, offset: number): void;
  /** `done` is called on a later turn, when all that was written is on disk. */
  sync(done: (error: Error | null) => void): void;
  close(): void;
}

/** Large enough that round trips do not count, small enough to pass between heartbeats. */
const CHUNK_BYTES = 256 * 1024;

/** Ends the name of a small file that is not whole yet. */
export const HALF_WRITTEN_TEXT = '.new';

export const diskFiles: SnapshotFiles = {
  chunkBytes: CHUNK_BYTES,
  read: (fd, into, offset, done) => read(fd, into, 0, into.length, offset, done),
  readText: (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null),
  writeText(path, text) {
    writeFileSync(path + HALF_WRITTEN_TEXT, text);
    renameSync(path + HALF_WRITTEN_TEXT, path);
  },
  remove: (path) => rmSync(path, { force: true }),
  exists: existsSync,
  open: (path, fresh) => openOnDisk(openSync(path, fresh ? 'w+' : 'r+')),
};

function openOnDisk(fd: number): WritableFile {
  return {
    get bytes() {
      return fstatSync(fd).size;
    },
    read: (into, offset) => readSync(fd, into, 0, into.length, offset),
    write(data, offset) {
      let put = 0;
      while (put < data.length) put += writeSync(fd, data, put, data.length - put, offset + put);
    },
    sync: (done) => fsync(fd, done),
    close: () => closeSync(fd),
  };
}
