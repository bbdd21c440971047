import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
process.once('exit', () => {
  for (const dir of made) rmSync(dir, { recursive: true, force: true });
});

/** A fresh directory that goes away with the process. */
export function scratch(name: string): string {
  const dir = mkdtempSync(join(tmpdir(), `paceline-${name}-`));
  made.push(dir);
  return dir;
}
