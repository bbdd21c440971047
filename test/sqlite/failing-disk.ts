import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SmallDisk } from '../../proof/chaos/small-disk.ts';

const MIB = 2 ** 20;
/** What the medium has room for, and how large the file system on it believes it to be. */
const MEDIUM_BYTES = 24 * MIB;
const DISK_BYTES = 64 * MIB;
const BLOCK_BYTES = 4096;

/**
 * A file system whose medium can be made to fail: writes to it are taken, and lost. Its image is a file with holes
 * on a small file system in memory; when that is full, the kernel cannot bring a page of the image to it.
 */
export class FailingDisk {
  readonly path: string;
  readonly #base: string;
  readonly #medium: SmallDisk;
  #copies = 0;

  /** Mounted at `path`; `base` is a directory for what it is made of. */
  constructor(base: string, path: string) {
    this.path = path;
    this.#base = base;
    const medium = SmallDisk.mount(join(base, 'medium'), MEDIUM_BYTES);
    assert.ok(medium !== null, 'this test needs the right to mount: run it as root, on Linux');
    this.#medium = medium;
    writeFileSync(this.#image, '');
    truncateSync(this.#image, DISK_BYTES);
    run('mke2fs', '-q', '-t', 'ext4', '-b', `${BLOCK_BYTES}`, '-O', '^has_journal', this.#image);
    mkdirSync(path, { recursive: true });
    run('mount', '-o', 'loop,errors=continue', this.#image, path);
  }

  get #image(): string {
    return join(this.#medium.path, 'image');
  }

  /**
   * From now on the blocks of that file are lost, if they hold zeros and are given other contents. Nothing else fails: a file
   * system without a journal would not survive the loss of what it notes itself.
   */
  fail(file: string): void {
    run('sync', '-f', this.path);
    const blocks = run('debugfs', '-R', `blocks /${file}`, this.#image).trim().split(/\s+/);
    for (const [first, count] of runsOf(blocks.map(Number))) {
      const [offset, length] = [first * BLOCK_BYTES, count * BLOCK_BYTES];
      run('fallocate', '-d', '-o', `${offset}`, '-l', `${length}`, this.#image);
    }
    this.#medium.leave(0);
  }

  heal(): void {
    this.#medium.free();
  }

  /** Where what is on the medium can be looked at: what a loss of power would leave. */
  afterPowerLoss(): string {
    const name = `copy-${this.#copies++}`;
    const [image, path] = [join(this.#base, `${name}.image`), join(this.#base, name)];
    copyFileSync(this.#image, image);
    mkdirSync(path);
    run('mount', '-o', 'loop', image, path);
    return path;
  }

  /** Call when nothing in it is open any more. */
  remove(): void {
    for (let n = 0; n < this.#copies; n++) run('umount', '-l', join(this.#base, `copy-${n}`));
    run('umount', '-l', this.path);
    this.#medium.remove();
  }
}

/** Successive numbers, as the first one and how many. */
function runsOf(numbers: readonly number[]): (readonly [first: number, count: number])[] {
  const starts = numbers.filter((number, i) => number !== numbers[i - 1]! + 1);
  return starts.map((first, i) => {
    const next = starts[i + 1];
    const end = next === undefined ? numbers.length : numbers.indexOf(next);
    return [first, end - numbers.indexOf(first)];
  });
}

function run(...[command, ...args]: readonly [string, ...string[]]): string {
  const { status, error, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  assert.equal(status, 0, `${command} ${args.join(' ')}: ${error?.message ?? stderr}`);
  return stdout;
}
