import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './directory.ts';
import { HALF_WRITTEN_LOST } from './lost-directory.ts';
import { HALF_WRITTEN_TEXT } from './snapshot-files.ts';

/**
 * Removes what a process that was killed in the middle of writing a file has left of it, under the name that it has until it is
 * whole. For a start, before anything is written; the log looks after its own.
 */
export function removeHalfWritten({ incoming, lost }: Layout): void {
  rmSync(`${incoming}.json${HALF_WRITTEN_TEXT}`, { force: true });
  const names = existsSync(lost) ? readdirSync(lost) : [];
  for (const name of names) if (name.endsWith(HALF_WRITTEN_LOST)) rmSync(join(lost, name));
}
