import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from '../../src/sqlite/binding.ts';

/** Overwrites bytes in the middle of a file with others. */
export function scribble(path: string, offset: number, length: number): void {
  const before = readFileSync(path).subarray(offset, offset + length);
  const fd = openSync(path, 'r+');
  writeSync(
    fd,
    before.map((byte) => byte ^ 0x5a),
    0,
    before.length,
    offset,
  );
  closeSync(fd);
}

/** Removes the files that SQLite keeps beside a database. */
function dropWal(path: string): void {
  for (const suffix of ['-wal', '-shm']) rmSync(path + suffix, { force: true });
}

/** Ways to ruin a database file of a member that is down. `old` is a copy of it from an earlier clean stop. */
export const RUINS: Record<string, (path: string, old: string) => void> = {
  'is gone': (path) => {
    rmSync(path);
    dropWal(path);
  },
  'is empty': (path) => {
    truncateSync(path, 0);
    dropWal(path);
  },
  'has another header': (path) => scribble(path, 0, 100),
  'has other bytes in its pages': (path) => {
    for (let at = 4096; at < statSync(path).size; at += 4096) scribble(path, at + 100, 2000);
  },
  'is cut in half': (path) => {
    truncateSync(path, Math.floor(statSync(path).size / 8192) * 4096);
    dropWal(path);
  },
  'is text': (path) => {
    writeFileSync(path, 'this is not a database\n'.repeat(1000));
    dropWal(path);
  },
  'is a foreign database': (path) => {
    rmSync(path);
    dropWal(path);
    const foreign = new DatabaseSync(path);
    foreign.exec(
      'PRAGMA journal_mode=WAL; CREATE TABLE foreign_table(x); INSERT INTO foreign_table VALUES (1)',
    );
    foreign.close();
  },
  'is an older copy of itself': (path, old) => {
    copyFileSync(old, path);
    dropWal(path);
  },
};

/** The log segments of a member, oldest first. */
export function segmentsOf(dir: string): string[] {
  const log = join(dir, 'log');
  const names = readdirSync(log).filter((name) => name.endsWith('.log'));
  return names.sort().map((name) => join(log, name));
}

/** Where the bytes that are not zero end: a segment is longer than what was written to it. */
export function writtenEnd(path: string): number {
  return readFileSync(path).findLastIndex((byte) => byte !== 0) + 1;
}
