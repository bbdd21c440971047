import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILLER = 'filler';

/** A directory that is a small file system of its own, in memory. */
export class SmallDisk {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Null where this process may not mount: that takes root, and Linux. */
  static mount(path: string, bytes: number): SmallDisk | null {
    mkdirSync(path, { recursive: true });
    const args = ['-t', 'tmpfs', '-o', `size=${bytes}`, 'none', path];
    try {
      execFileSync('mount', args, { stdio: 'pipe' });
    } catch {
      return null;
    }
    return new SmallDisk(path);
  }

  get freeBytes(): number {
    const { bavail, bsize } = statfsSync(this.path);
    return bavail * bsize;
  }

  /** Takes all space but so much. */
  leave(bytes: number): void {
    const size = Math.max(0, this.freeBytes - bytes);
    writeFileSync(join(this.path, FILLER), new Uint8Array(size));
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
    execFileSync('umount', ['-l', this.path], { stdio: 'pipe' });
  }
}
