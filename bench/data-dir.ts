import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Numbers of Linux' file systems that live in memory: tmpfs and ramfs (statfs(2)). On these an fsync costs nothing. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A member's threads may still be writing when everything is thrown away. */
const RETRIES = 5;

/** Compiled, this file lies in build/bench. */
const BUILD = resolve(import.meta.dirname, '..');

/** A new directory on a real disk, gone when this process ends. Throws when there is none. */
export function makeDataDirectory(parent: string | null): string {
  const places = parent === null ? [BUILD, tmpdir()] : [resolve(parent)];
  const place = places.find(isOnDisk);
  if (place === undefined)
    throw new Error(
      `in memory, where an fsync means nothing: ${places.join(', ')}; name a directory on a disk with --dir`,
    );
  const dir = mkdtempSync(join(place, 'bench-data-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: RETRIES }));
  return dir;
}

function isOnDisk(dir: string): boolean {
  mkdirSync(dir, { recursive: true });
  return !IN_MEMORY.has(statfsSync(dir).type);
}
