import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const scratch: string[] = [];

/** Removed at the end of the whole file, when every log is closed. */
after(() => {
  for (const dir of scratch) rmSync(dir, { recursive: true, force: true });
});

export function scratchDirectory(): string {
  const dir = mkdtempSync(join(tmpdir(), 'paceline-log-'));
  scratch.push(dir);
  return dir;
}

/** An exact copy of a log directory as a crash at this moment would leave it. */
export function copyDirectory(dir: string): string {
  const copy = scratchDirectory();
  cpSync(dir, copy, { recursive: true });
  return copy;
}
