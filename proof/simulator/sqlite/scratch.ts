import { accessSync, constants, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'paceline-simulator-';
/** A file system in memory, where there is one: a loss of power is simulated, and syncing takes no time. */
const SHARED_MEMORY = '/dev/shm';

let root: string | null = null;

/** A fresh directory; all of them go away with this process. */
export function scratchDirectory(): string {
  root ??= makeRoot();
  return mkdtempSync(join(root, 'run-'));
}

function makeRoot(): string {
  const parent = isWritable(SHARED_MEMORY) ? SHARED_MEMORY : tmpdir();
  removeLeft(parent);
  const made = mkdtempSync(join(parent, `${PREFIX}${process.pid}-`));
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  return made;
}

/** Of processes that were killed. */
function removeLeft(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : 0;
    if (pid > 0 && !isRunning(pid)) rmSync(join(parent, name), { recursive: true, force: true });
  }
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
