import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../src/base/assert.ts';

function succeeds([command, ...args]: readonly string[]): boolean {
  return spawnSync(command!, args, { stdio: 'ignore' }).status === 0;
}

const FILLER = 'filler';

/** A directory that is a small file system of its own, in memory. */
export class SmallDisk {
  readonly path: string;
  /** What goes before `mount` and `umount`. */
  readonly #as: readonly string[];

  private constructor(path: string, as: readonly string[]) {
    this.path = path;
    this.#as = as;
  }

  /** Null where this process may not mount: that takes Linux, and root or a sudo that does not ask. */
  static mount(path: string, bytes: number): SmallDisk | null {
    mkdirSync(path, { recursive: true });
    const owner = `uid=${process.getuid?.()},gid=${process.getgid?.()},mode=700`;
    const args = ['-t', 'tmpfs', '-o', `size=${bytes},${owner}`, 'none', path];
    const as = [[], ['sudo', '-n']].find((as) => succeeds([...as, 'mount', ...args]));
    return as === undefined ? null : new SmallDisk(path, as);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes all space but so much, or all of it, if others write meanwhile. */
  leave(bytes: number): void {
    const size = Math.max(0, this.freeBytes - bytes);
    try {
      writeFileSync(join(this.path, FILLER), new Uint8Array(size));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }

  free(): void {
    rmSync(join(this.path, FILLER), { force: true });
  }

  /** Copies what is on it to an ordinary disk. */
  copyTo(path: string): void {
    cpSync(this.path, path, { recursive: true });
  }

  /** What it held is gone. */
  remove(): void {
    assert(succeeds([...this.#as, 'umount', '-l', this.path]), `${this.path} stays mounted`);
  }
}
