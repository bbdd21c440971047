import { basename, dirname, join } from 'node:path';
import { assert } from '../base/assert.ts';
import type { Prng } from '../base/prng.ts';
import type { Disk, DiskFile, DiskReader, OpenMode } from './disk.ts';
import { type DiskCallKind, DiskCalls, type DiskCallsOptions, systemError } from './disk-calls.ts';
import { MemoryDirectory, type NameChange } from './memory-directory.ts';
import { type FileChange, MemoryFile, tear } from './memory-file.ts';

/**
 * A file system in memory for one process, on which everything is decided by the seed of `random`
 * and the order in which `later` calls back. It tells what is on the medium from what is only on its
 * way there, so it can be asked what a crash leaves: `afterPowerLoss`, `afterKill`.
 *
 * Milder than reality in this: directories themselves are durable when made; a directory's sync that
 * fails may be repeated (file systems keep names in a journal, and stop when that fails); reads see
 * nothing of a write that is under way, and happen in no time where they are synchronous.
 */
export class MemoryDisk implements Disk {
  /** Files cannot grow beyond this together; may be changed at any time. */
  capacityBytes = Number.POSITIVE_INFINITY;
  readonly #options: DiskCallsOptions;
  readonly #calls: DiskCalls;
  readonly #random: Prng;
  readonly #directories = new Map<string, MemoryDirectory>();

  constructor(options: DiskCallsOptions, callsBefore = 0) {
    this.#options = options;
    this.#calls = new DiskCalls(options, callsBefore);
    this.#random = options.random;
  }

  /** Calls begun so far. */
  get calls(): number {
    return this.#calls.begun;
  }

  /** How long each call takes; may be changed at any time. */
  get latencyMs(): { min: number; max: number } {
    return this.#calls.latencyMs;
  }

  set latencyMs(range) {
    this.#calls.latencyMs = range;
  }

  /** Stopped by `halt` or a fault. */
  get halted(): boolean {
    return this.#calls.halted;
  }

  /** Bytes of all files together. */
  get usedBytes(): number {
    let sum = 0;
    for (const directory of this.#directories.values()) {
      for (const file of directory.files) sum += file.bytes.length;
    }
    return sum;
  }

  /** All files as readers see them, and how much of them the medium has. The bytes are the disk's own. */
  files(): { path: string; bytes: Uint8Array; durableBytes: number }[] {
    return [...this.#directories].flatMap(([dir, directory]) =>
      directory.names.map((name) => {
        const { bytes, durableBytes } = directory.get(name)!;
        return { path: join(dir, name), bytes, durableBytes: durableBytes.length };
      }),
    );
  }

  /** Bit rot. */
  flipBit(path: string, byte: number, bit: number): void {
    this.#file('read', path).flipBit(byte, bit);
  }

  /** The process is gone: no call completes any more, none takes effect. */
  halt(): void {
    this.#calls.halt();
  }

  /** The disk for the next process, after the power was gone: with what the medium has. */
  afterPowerLoss(): MemoryDisk {
    this.#calls.interrupt();
    const next = this.#successor();
    const files = new Map<MemoryFile, MemoryFile>();
    const fileAfter = (file: MemoryFile): MemoryFile => {
      const left = files.get(file) ?? file.afterPowerLoss(this.#random);
      files.set(file, left);
      return left;
    };
    for (const [path, directory] of this.#directories) {
      next.#directories.set(path, directory.afterPowerLoss(this.#random, fileAfter));
    }
    return next;
  }

  /**
   * The disk for the next process, after this one was killed and the system went on: what was not
   * synced is still to be seen, and still not on the medium. What a failed sync left in the system's
   * memory may be seen or not.
   */
  afterKill(): MemoryDisk {
    this.#calls.interrupt();
    const next = this.#successor();
    for (const [path, directory] of this.#directories) {
      next.#directories.set(path, directory);
      for (const file of directory.files) if (this.#random.chance(0.5)) file.evict();
    }
    return next;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#calls.begin({
      kind: 'make-directory',
      path,
      complete: () => {
        if (!this.#directories.has(path)) this.#directories.set(path, new MemoryDirectory());
      },
    });
  }

  list(dir: string): Promise<readonly string[]> {
    const complete = (): readonly string[] => this.#directory('list', dir).names;
    return this.#calls.begin({ kind: 'list', path: dir, complete });
  }

  readFile(path: string): Promise<Uint8Array> {
    const complete = (): Uint8Array => this.#file('read', path).bytes.slice();
    return this.#calls.begin({ kind: 'read', path, complete });
  }

  openReader(path: string): DiskReader {
    assert(!this.#calls.interrupted, 'a read by a process that is gone');
    const file = this.#file('open', path);
    return {
      read: (into, at) => {
        const bytes = file.bytes.subarray(at, at + into.length);
        into.set(bytes);
        return bytes.length;
      },
      close: () => {},
    };
  }

  open(path: string, { create, synced }: OpenMode): Promise<DiskFile> {
    const kind = create ? 'create' : 'open';
    const made = create ? () => this.#create(path) : () => this.#file('open', path);
    return this.#calls.begin({
      kind,
      path,
      complete: () => this.#handle(path, made(), synced),
      interrupt: () => {
        if (create && this.#random.chance(0.5)) made();
      },
    });
  }

  rename(from: string, to: string): Promise<void> {
    const complete = (): void => {
      const file = this.#file('rename', from);
      this.#name(from, { file, from: basename(from), to: basename(to) });
    };
    assert(dirname(from) === dirname(to), 'a rename stays in its directory');
    return this.#calls.begin({
      kind: 'rename',
      path: to,
      complete,
      interrupt: this.#maybe(complete),
    });
  }

  remove(path: string): Promise<void> {
    const complete = (): void => {
      const file = this.#directory('remove', dirname(path)).get(basename(path));
      if (file !== undefined) this.#name(path, { file, from: basename(path), to: null });
    };
    return this.#calls.begin({ kind: 'remove', path, complete, interrupt: this.#maybe(complete) });
  }

  syncDirectory(dir: string): Promise<void> {
    const directory = this.#directories.get(dir);
    const covered = directory?.covered() ?? [];
    return this.#calls.begin({
      kind: 'sync-directory',
      path: dir,
      complete: () => this.#directory('sync-directory', dir).makeDurable(covered),
    });
  }

  #handle(path: string, file: MemoryFile, synced: boolean): DiskFile {
    let open = true;
    return {
      write: (bytes, at) =>
        this.#write(path, file, synced, { kind: 'write', at, bytes: bytes.slice() }),
      sync: () => this.#sync(path, file),
      close: () => {
        assert(open, `${path} is closed twice`);
        open = false;
        return this.#calls.begin({ kind: 'close', path, complete: () => undefined });
      },
    };
  }

  #create(path: string): MemoryFile {
    const there = this.#directory('create', dirname(path)).get(basename(path));
    if (there !== undefined) {
      there.apply({ kind: 'empty' });
      return there;
    }
    const file = new MemoryFile();
    this.#name(path, { file, from: null, to: basename(path) });
    return file;
  }

  #write(
    path: string,
    file: MemoryFile,
    synced: boolean,
    change: FileChange & { kind: 'write' },
  ): Promise<void> {
    const put = (bytes: Uint8Array): void => {
      const covered = file.apply({ ...change, bytes });
      if (synced) file.makeDurable(covered);
    };
    return this.#calls.begin({
      kind: 'write',
      path,
      complete: () => {
        const room = this.#roomFor(file, change);
        put(change.bytes.subarray(0, room));
        if (room < change.bytes.length) throw systemError('ENOSPC', 'write', path);
      },
      fail: () => {
        if (this.#random.chance(0.8)) file.failSync(file.apply(change), this.#random);
      },
      interrupt: () => {
        for (const part of tear(change, this.#random)) file.apply(part);
      },
    });
  }

  #sync(path: string, file: MemoryFile): Promise<void> {
    const covered = file.covered();
    return this.#calls.begin({
      kind: 'sync',
      path,
      complete: () => file.makeDurable(covered),
      fail: () => file.failSync(covered, this.#random),
    });
  }

  /** How many bytes of `change` can be written. */
  #roomFor(file: MemoryFile, { at, bytes }: FileChange & { kind: 'write' }): number {
    const growth = at + bytes.length - file.bytes.length;
    if (growth <= 0 || this.capacityBytes === Number.POSITIVE_INFINITY) return bytes.length;
    const missing = growth - Math.max(0, this.capacityBytes - this.usedBytes);
    return Math.min(bytes.length, Math.max(0, bytes.length - missing));
  }

  #maybe(work: () => void): () => void {
    return () => {
      if (this.#random.chance(0.5)) work();
    };
  }

  #successor(): MemoryDisk {
    const next = new MemoryDisk(this.#options, this.calls);
    next.capacityBytes = this.capacityBytes;
    next.latencyMs = this.latencyMs;
    return next;
  }

  #name(path: string, change: NameChange): void {
    this.#directory('open', dirname(path)).apply(change);
  }

  #directory(kind: DiskCallKind, dir: string): MemoryDirectory {
    const directory = this.#directories.get(dir);
    if (directory === undefined) throw systemError('ENOENT', kind, dir);
    return directory;
  }

  #file(kind: DiskCallKind, path: string): MemoryFile {
    const file = this.#directory(kind, dirname(path)).get(basename(path));
    if (file === undefined) throw systemError('ENOENT', kind, path);
    return file;
  }
}
