import { fstatSync, readSync, statSync } from 'node:fs';
import { assert } from '../../../src/base/assert.ts';
import type { DatabaseFiles as SqliteFiles } from '../../../src/sqlite/database-files.ts';
import { FRAME_HEADER_BYTES, frameOffset } from '../../../src/wal/format.ts';
import { scanWal } from '../../../src/wal/reader.ts';
import { DatabaseFiles, type Frame } from '../database/files.ts';

/** The bytes of a database's two files. */
export interface FileBytes {
  readonly main: Uint8Array;
  readonly wal: Uint8Array;
}

/** Through the descriptors that are open anyway: closing another one would drop SQLite's locks. */
export function readFiles(files: SqliteFiles): FileBytes {
  const main = new Uint8Array(fstatSync(files.mainFd).size);
  const got = readSync(files.mainFd, main, 0, main.length, 0);
  assert(got === main.length, 'the main file is as long as it says');
  return { main, wal: files.readWal(0, statSync(`${files.path}-wal`).size) };
}

/** What SQLite has to find in these files: the main file, and the WAL up to the last commit that is whole. */
export function contentOf({ main, wal }: FileBytes, pageSize: number): DatabaseFiles {
  const read = (offset: number, length: number) => wal.subarray(offset, offset + length);
  const { frames } = scanWal({ size: wal.length, read });
  const pages = Array.from({ length: Math.floor(main.length / pageSize) }, (_, i) =>
    main.slice(i * pageSize, (i + 1) * pageSize),
  );
  const images = frames.map(({ frame, pgno, databasePages }): Frame => {
    const at = frameOffset(pageSize, frame) + FRAME_HEADER_BYTES;
    return { pgno, databasePages, image: wal.slice(at, at + pageSize) };
  });
  return new DatabaseFiles(pageSize, pages, images);
}
