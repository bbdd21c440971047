import { existsSync } from 'node:fs';
import { PacelineError } from '../base/errors.ts';
import { readImage, scanWal } from '../wal/reader.ts';
import type { ByteSource } from '../wal/source.ts';
import { type FileSource, openFileSource } from './file-source.ts';

/**
 * The pages of a database that no process has open, as SQLite would see them: the latest committed
 * frame of the WAL over the main file. Nothing is written, and SQLite is not involved, which would
 * recover and fold back the WAL. Offsets: https://sqlite.org/fileformat2.html#the_database_header
 */
export interface StoredDatabase {
  readonly path: string;
  readonly pageSize: number;
  readonly pages: number;
  /** The page from 1 to `pages`. Throws DATABASE_DAMAGED when the file is too short for it. */
  read(pgno: number): Uint8Array;
  close(): void;
}

const HEADER_BYTES = 100;
const MAGIC = 'SQLite format 3\0';

/** Throws OPTIONS_INVALID where there is no database, DATABASE_DAMAGED where it does not begin like one. */
export function openStoredDatabase(path: string): StoredDatabase {
  const main = openFileSource(path);
  const wal = existsSync(`${path}-wal`) ? openFileSource(`${path}-wal`) : null;
  const close = () => {
    main.close();
    wal?.close();
  };
  try {
    return { ...overlay(main, wal), path, close };
  } catch (error) {
    close();
    throw error;
  }
}

function overlay(main: FileSource, wal: FileSource | null): Omit<StoredDatabase, 'path' | 'close'> {
  const latest = new Map<number, number>();
  let size: DatabaseSize | null = null;
  if (wal !== null) {
    const { header, frames } = scanWal(wal);
    for (const { pgno, frame } of frames) latest.set(pgno, frame);
    const last = frames.at(-1);
    if (header !== null && last !== undefined)
      size = { pageSize: header.pageSize, pages: last.databasePages };
  }
  const { pageSize, pages } = size ?? mainSize(main);
  const read = (pgno: number) => {
    const frame = latest.get(pgno);
    if (frame !== undefined && wal !== null) return readImage(wal.read, pageSize, frame);
    return readMainPage(main, pgno, pageSize);
  };
  return { pageSize, pages, read };
}

function readMainPage(main: FileSource, pgno: number, pageSize: number): Uint8Array {
  const image = main.read((pgno - 1) * pageSize, pageSize);
  if (image.length === pageSize) return image;
  throw damaged(main.path, `it ends before page ${pgno}`);
}

interface DatabaseSize {
  readonly pageSize: number;
  readonly pages: number;
}

function mainSize(main: ByteSource & { readonly path: string }): DatabaseSize {
  const header = main.read(0, HEADER_BYTES);
  if (header.length < HEADER_BYTES || Buffer.from(header.subarray(0, 16)).toString() !== MAGIC)
    throw damaged(main.path, 'it does not begin like an SQLite database');
  const view = new DataView(header.buffer, header.byteOffset, header.length);
  const stored = view.getUint16(16);
  const pageSize = stored === 1 ? 65536 : stored;
  if (pageSize < 512 || (pageSize & (pageSize - 1)) !== 0)
    throw damaged(main.path, `its page size is ${pageSize}`);
  // The size in the header counts only if it was written along with the change counter.
  const counts = view.getUint32(28) > 0 && view.getUint32(24) === view.getUint32(92);
  return { pageSize, pages: counts ? view.getUint32(28) : Math.floor(main.size / pageSize) };
}

export function damaged(path: string, why: string): PacelineError {
  const hint = "empty this member's directory and let it fetch a copy from the others";
  return new PacelineError('DATABASE_DAMAGED', `${path}: ${why}; ${hint}`);
}
