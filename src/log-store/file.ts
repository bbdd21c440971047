import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Entry, EntryId, HardState, Index, Membership, Term } from '../raft/entry.ts';
import { createLog } from './creation.ts';
import type { DiskLog } from './disk-log.ts';
import { writeFailure } from './failure.ts';
import { FlushQueue } from './flush-queue.ts';
import type { LogHome } from './home.ts';
import { homeOf } from './home.ts';
import { IdleTimer } from './idle-timer.ts';
import type { LogBase, LogStore, LogWrite } from './log-store.ts';
import { fits, LogicalLog } from './logical-log.ts';
import {
  type FileLogLimits,
  type FileLogOptions,
  type LogStatistics,
  limitsOf,
} from './options.ts';
import { type Recovered, recover } from './recovery.ts';
import { repair } from './repair.ts';
import { readEntries } from './segment-reader.ts';

/** A pending reset replaces the whole log. */
const RESET_CHANGES_FROM = 0;

/**
 * Opens the log in `options.dir`, or creates it (`options.create`). Cuts off what a crash left of
 * an
 * unfinished write; refuses a log that is damaged otherwise. What that can and cannot tell is in
 * `scan.ts`.
 *
 * Throws LOG_DAMAGED, HARD_STATE_DAMAGED, OPTIONS_INVALID, DISK_FULL, IO.
 */
export async function openFileLog(options: FileLogOptions): Promise<FileLog> {
  const limits = limitsOf(options);
  const home = homeOf(options);
  try {
    await home.disk.makeDirectory(home.dir);
    let found = await recover(home);
    if (found === null) {
      await createLog(home, options.create, limits);
      found = await recover(home);
    }
    assert(found !== null, 'a log just created is there');
    return new FileLog(options, limits, home, found, await repair(home, found, limits));
  } catch (error) {
    throw writeFailure(error, home.dir);
  }
}

/** The durable log of one member, in segment files. Made by `openFileLog`. */
export class FileLog implements LogStore {
  readonly #options: FileLogOptions;
  readonly #limits: FileLogLimits;
  readonly #home: LogHome;
  readonly #log: LogicalLog;
  readonly #disk: DiskLog;
  readonly #queue: FlushQueue;
  readonly #idle: IdleTimer;
  #durableIndex: Index;
  #wantedBase: LogBase | null = null;
  #aside: Promise<void> | null = null;
  #failure: PacelineError | null = null;
  #closing: Promise<void> | null = null;
  #writes = 0;

  constructor(
    options: FileLogOptions,
    limits: FileLogLimits,
    home: LogHome,
    found: Recovered,
    disk: DiskLog,
  ) {
    this.#options = options;
    this.#limits = limits;
    this.#home = home;
    this.#disk = disk;
    this.#durableIndex = found.index.lastIndex;
    this.#log = new LogicalLog(found.base, found.hardState, found.terms, this.#durableIndex);
    this.#queue = new FlushQueue({
      append: (writes) => disk.append(writes),
      flushBytesMax: Math.min(limits.flushBytesMax, limits.segmentBytesMax),
      pendingBytesMax: limits.pendingBytesMax,
      onFlushed: () => this.#flushed(),
      onError: (error) => this.#fail(error),
    });
    this.#idle = new IdleTimer(home.later, () => this.#sealWhenIdle(), limits.sealDelayMs);
  }

  get base(): EntryId {
    return this.#log.base.id;
  }

  get baseMembership(): Membership {
    return this.#log.base.membership;
  }

  get baseExtra(): Uint8Array {
    return this.#log.base.extra;
  }

  get hardState(): HardState {
    return this.#log.hardState;
  }

  get lastIndex(): Index {
    return this.#log.lastIndex;
  }

  get durableIndex(): Index {
    return this.#durableIndex;
  }

  get sizeBytes(): number {
    return this.#disk.fileBytes;
  }

  get statistics(): LogStatistics {
    return {
      ...this.#disk.statistics,
      writes: this.#writes,
      pendingBytes: this.#queue.pendingBytes,
      cacheBytes: this.#log.cache.bytes,
      spareFailures: this.#disk.spareFailures,
    };
  }

  term(index: Index): Term | undefined {
    return this.#log.term(index);
  }

  /** Throws LOG_DAMAGED when an entry that is no longer in memory cannot be read back. */
  entries(from: Index, to: Index, maxBytes: number): Entry[] {
    this.#log.checkRange(from, to);
    const { cache } = this.#log;
    const out: Entry[] = [];
    const fromDisk = Math.min(to, cache.firstIndex - 1);
    if (from <= fromDisk) {
      readEntries(this.#home, this.#disk.index, { from, to: fromDisk, maxBytes }, out);
      if (out.length <= fromDisk - from) return out;
    }
    let bytes = out.reduce((sum, entry) => sum + entry.data.length, 0);
    for (let index = from + out.length; index <= to; index++) {
      const entry = cache.get(index);
      assert(entry !== undefined, `entry ${index} is neither on disk nor in memory`);
      if (!fits(entry, out.length, bytes, maxBytes)) break;
      out.push(entry);
      bytes += entry.data.length;
    }
    return out;
  }

  write(change: LogWrite, done: () => void): void {
    this.#refuseIfOver();
    for (const { data } of change.entries) {
      assert(data.length <= this.#limits.entryBytesMax, `an entry of ${data.length} bytes`);
    }
    this.#log.apply(change);
    const { truncateFrom } = change;
    if (truncateFrom !== null) this.#durableIndex = Math.min(this.#durableIndex, truncateFrom - 1);
    this.#writes++;
    this.#queue.write(change, done);
    this.#trim();
  }

  compact(base: LogBase): void {
    this.#refuseIfOver();
    if (!this.#log.compact(base)) return;
    this.#wantedBase = base;
    this.#compactWhenDurable();
  }

  reset(base: LogBase, done: () => void): void {
    this.#refuseIfOver();
    this.#log.reset(base);
    this.#wantedBase = null;
    this.#durableIndex = Math.min(this.#durableIndex, base.id.index);
    this.#queue.alone(() => this.#reset(base), RESET_CHANGES_FROM, done);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#settle();
    this.#idle.stop();
    const dead = this.#failure !== null;
    this.#failure ??= new PacelineError('CLOSED', `the log in ${this.#options.dir} is closed.`);
    if (dead) return this.#disk.abandon();
    try {
      await this.#disk.seal();
      await this.#disk.close();
    } catch (error) {
      // All that was handed over is on disk; what is missing is the seal behind it.
      await this.#disk.abandon();
      this.#options.onFailure(writeFailure(error, this.#options.dir));
    }
  }

  /** Waits until nothing is under way or waiting: flushes, compaction, seal. */
  async #settle(): Promise<void> {
    while (!this.#queue.isIdle || this.#aside !== null) {
      await this.#queue.idle();
      await this.#aside;
    }
  }

  #flushed(): void {
    const { index } = this.#disk;
    if (this.#queue.lowest > RESET_CHANGES_FROM) {
      this.#durableIndex = Math.min(index.lastIndex, this.#queue.lowest - 1);
    }
    this.#trim();
    this.#idle.note();
    this.#compactWhenDurable();
  }

  /** Entries not yet on disk stay in memory: that is where readers find them. */
  #trim(): void {
    this.#log.cache.shrink(this.#limits.cacheBytesMax, this.#queue.lowest);
  }

  /**
   * One compaction at a time, beside the flushes; of several wanted meanwhile only the last is
   * done.
   */
  #compactWhenDurable(): void {
    const base = this.#wantedBase;
    if (base === null || this.#aside !== null || this.#failure !== null) return;
    if (this.#queue.lowest === RESET_CHANGES_FROM || this.#durableIndex < base.id.index) return;
    this.#wantedBase = null;
    this.#aside = this.#disk.compact(base).then(
      () => this.#compacted(),
      (error: unknown) => {
        this.#aside = null;
        this.#fail(error);
      },
    );
  }

  #compacted(): void {
    this.#aside = null;
    this.#compactWhenDurable();
  }

  async #reset(base: LogBase): Promise<void> {
    await this.#aside;
    this.#refuseIfOver();
    await this.#disk.reset(base);
  }

  #sealWhenIdle(): void {
    if (this.#failure !== null || !this.#queue.isIdle || this.#disk.isSealed) return;
    this.#queue.alone(
      () => this.#disk.seal(),
      Number.POSITIVE_INFINITY,
      () => {},
    );
  }

  #refuseIfOver(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #fail(error: unknown): void {
    if (this.#failure !== null) return;
    this.#queue.kill();
    this.#failure = writeFailure(error, this.#options.dir);
    this.#idle.stop();
    this.#options.onFailure(this.#failure);
  }
}
