import { randomBytes } from 'node:crypto';
import type { Disk } from './disk.ts';
import { NODE_DISK } from './node-disk.ts';
import type { FileLogOptions, Later } from './options.ts';

/** Where a log is kept, and by what means: everything about it that a seed can decide instead. */
export interface LogHome {
  readonly dir: string;
  readonly disk: Disk;
  readonly later: Later;
  /** 32 random bits for the salt of a new segment. */
  readonly newSalt: () => number;
}

/** This machine's, where the options do not say otherwise. */
export function homeOf(options: FileLogOptions): LogHome {
  const { dir, disk = NODE_DISK, later = laterHere, newSalt = randomSalt } = options;
  return { dir, disk, later, newSalt };
}

/** An idle log does not keep its process alive. */
function laterHere(work: () => void, ms: number): void {
  setTimeout(work, ms).unref();
}

function randomSalt(): number {
  return randomBytes(4).readUInt32BE();
}
