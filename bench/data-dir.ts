import { chmodSync, mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Account, mayEnter } from './account.ts';

/** Numbers of Linux' file systems that live in memory: tmpfs and ramfs (statfs(2)). On these an fsync costs nothing. */
const IN_MEMORY = new Set([0x01021994, 0x858458f6]);

/** A member's threads may still be writing when everything is thrown away. */
const RETRIES = 5;

/** Compiled, this file lies in build/bench. */
const BUILD = resolve(import.meta.dirname, '..');

/** Others may pass, but not look around. */
const GUESTS_PASS = 0o711;

/**
 * A new directory on a real disk, gone when this process ends; `guest` can get to what is given to it below. Throws when no place
 * will do.
 */
export function makeDataDirectory(parent: string | null, guest: Account | null): string {
  const places = parent === null ? [BUILD, tmpdir(), '/var/tmp'] : [resolve(parent)];
  const refusals: string[] = [];
  for (const place of places) {
    const refusal = whyNot(place, guest);
    if (refusal === null) return makeIn(place, guest);
    refusals.push(`${place} (${refusal})`);
  }
  throw new Error(`no place for the files: ${refusals.join(', ')}; name a directory with --dir`);
}

function whyNot(place: string, guest: Account | null): string | null {
  mkdirSync(place, { recursive: true });
  if (IN_MEMORY.has(statfsSync(place).type)) return 'in memory, where an fsync means nothing';
  if (guest !== null && !mayEnter(place, guest))
    return `the user ${guest.name}, as whom PostgreSQL has to run, may not enter it`;
  return null;
}

function makeIn(place: string, guest: Account | null): string {
  const dir = mkdtempSync(join(place, 'bench-data-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true, maxRetries: RETRIES }));
  if (guest !== null) chmodSync(dir, GUESTS_PASS);
  return dir;
}
