/**
 * What the log store asks of a file system: these calls and no others. `node-disk.ts` is the real
 * one, `memory-disk.ts` its twin, on which crashes and faults are decided from outside.
 *
 * Errors carry the system's code (`ENOENT`, `ENOSPC`, `EIO`; see `systemCode`). After an error of a
 * write or sync, what the disk holds in its place is unknown, and asking again does not tell.
 */
export interface Disk {
  /** Makes a directory and those above it that are missing; durable when it resolves. */
  makeDirectory(path: string): Promise<void>;
  /** The names in a directory, in no order. */
  list(dir: string): Promise<readonly string[]>;
  /** A whole file, in bytes that nobody else holds. */
  readFile(path: string): Promise<Uint8Array>;
  /** For reads in place, which wait for the disk: see `segment-reader.ts`. */
  openReader(path: string): DiskReader;
  open(path: string, mode: OpenMode): Promise<DiskFile>;
  /** Replaces what had the name `to`; at once for readers, durable with `syncDirectory`. */
  rename(from: string, to: string): Promise<void>;
  /** That it is already gone is success, because steps may be repeated after a crash. */
  remove(path: string): Promise<void>;
  /** Makes names in a directory durable: created, renamed, removed. */
  syncDirectory(dir: string): Promise<void>;
}

export interface OpenMode {
  /** Make the file, or empty the one that is there. */
  readonly create: boolean;
  /** Each write is durable when it resolves. */
  readonly synced: boolean;
}

/** A file open for writing. */
export interface DiskFile {
  /** All of `bytes`, which must not change before it resolves. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Makes all writes that have resolved durable, and the size; not the name. */
  sync(): Promise<void>;
  /** Once. */
  close(): Promise<void>;
}

/** A file open for reading. */
export interface DiskReader {
  /** Reads into `into` from `at` on; returns how many bytes, 0 at the end of the file. */
  read(into: Uint8Array, at: number): number;
  close(): void;
}
