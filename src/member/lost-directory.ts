import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

const SUFFIX = '.lost';
/** Ends the name of a file that is not whole yet. */
export const HALF_WRITTEN_LOST = '.tmp';

/** Names of the files of lost writes, in the order of their positions. */
export function lostFilesIn(dir: string): string[] {
  if (!existsSync(dir)) return [];
  const names = readdirSync(dir).filter((name) => name.endsWith(SUFFIX));
  return names.sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
}

/** Durable when this returns its path. One of the same name is about the same entries. */
export function saveLostFile(dir: string, name: string, bytes: Uint8Array): string {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, name);
  const fd = openSync(path + HALF_WRITTEN_LOST, 'w');
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(path + HALF_WRITTEN_LOST, path);
  const directory = openSync(dir, 'r');
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
  return path;
}
