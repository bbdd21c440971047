import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Entry, EntryId, HardState, Index, Membership, Term } from '../raft/entry.ts';
import type { LogBase, LogStore, LogWrite } from './log-store.ts';
import { fits, LogicalLog } from './logical-log.ts';

export interface MemoryLogOptions {
  readonly base: LogBase;
  readonly hardState: HardState;
  /**
   * Something was handed over: schedule a `complete`. Called from inside `write` and `reset`; must
   * not complete there.
   */
  readonly onPending?: () => void;
  readonly onFailure: (error: PacelineError) => void;
}

type Pending =
  | { readonly kind: 'write'; readonly change: LogWrite; readonly done: () => void }
  | { readonly kind: 'reset'; readonly base: LogBase; readonly done: () => void };

/** How much of what was pending reached the disk before a crash. */
export interface CrashRemains {
  /** Whole writes, in order. */
  readonly writes: number;
  /**
   * Of the write after those: its hard state and truncation, and this many entries; null for
   * nothing.
   */
  readonly tornEntries: number | null;
}

/** Entries cost their data and about this much on disk. */
const RECORD_OVERHEAD_BYTES = 36;

/**
 * The log store of tests and the simulator: what is durable, and when, is decided from outside.
 * Behaves as the file store does, torn writes included.
 */
export class MemoryLog implements LogStore {
  readonly #options: MemoryLogOptions;
  readonly #log: LogicalLog;
  /** What a crash leaves. */
  readonly #disk: LogicalLog;
  #pending: Pending[] = [];
  #durableIndex: Index;
  #failure: PacelineError | null = null;
  #closeWaiters: (() => void)[] = [];

  constructor(options: MemoryLogOptions, entries: readonly Entry[] = []) {
    this.#options = options;
    this.#log = new LogicalLog(options.base, options.hardState);
    this.#disk = new LogicalLog(options.base, options.hardState);
    const change = { truncateFrom: null, entries, hardState: null };
    this.#log.apply(change);
    this.#disk.apply(change);
    this.#durableIndex = this.#disk.lastIndex;
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
    return this.#disk.cache.bytes + this.#disk.cache.size * RECORD_OVERHEAD_BYTES;
  }

  /** Writes and resets handed over and not yet durable. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  term(index: Index): Term | undefined {
    return this.#log.term(index);
  }

  entries(from: Index, to: Index, maxBytes: number): Entry[] {
    this.#log.checkRange(from, to);
    return readCache(this.#log, from, to, maxBytes);
  }

  write(change: LogWrite, done: () => void): void {
    this.#refuseIfOver();
    this.#log.apply(change);
    const { truncateFrom } = change;
    if (truncateFrom !== null) this.#durableIndex = Math.min(this.#durableIndex, truncateFrom - 1);
    this.#push({ kind: 'write', change, done });
  }

  compact(base: LogBase): void {
    this.#refuseIfOver();
    if (this.#log.compact(base)) this.#compactDisk();
  }

  reset(base: LogBase, done: () => void): void {
    this.#refuseIfOver();
    this.#log.reset(base);
    this.#durableIndex = Math.min(this.#durableIndex, base.id.index);
    this.#push({ kind: 'reset', base, done });
  }

  /** Resolves when everything pending was completed from outside. */
  async close(): Promise<void> {
    if (this.#pending.length > 0) {
      await new Promise<void>((resolve) => this.#closeWaiters.push(resolve));
    }
    this.#failure ??= new PacelineError('CLOSED', 'the log is closed.');
  }

  /**
   * Makes the oldest `count` pending writes and resets durable, then calls their `done`, in order.
   */
  complete(count = this.#pending.length): void {
    assert(count <= this.#pending.length, 'more completed than pending');
    const finished = this.#pending.splice(0, count);
    for (const each of finished) applyTo(this.#disk, each);
    this.#settle();
    for (const each of finished) each.done();
    if (this.#pending.length === 0) this.#releaseClose();
  }

  /** The disk fails: nothing pending is ever done. */
  fail(error: PacelineError): void {
    if (this.#failure !== null) return;
    this.#failure = error;
    this.#pending = [];
    this.#releaseClose();
    this.#options.onFailure(error);
  }

  /** The log as it is found after a crash now. This one is dead from here on, silently. */
  crash(remains: CrashRemains, options: Omit<MemoryLogOptions, 'base' | 'hardState'>): MemoryLog {
    assert(remains.writes <= this.#pending.length, 'more survives than was pending');
    const lost = this.#pending;
    this.#pending = [];
    this.#failure ??= new PacelineError('CLOSED', 'this member has crashed.');
    for (const each of lost.slice(0, remains.writes)) applyTo(this.#disk, each);
    const torn = lost[remains.writes];
    if (remains.tornEntries !== null && torn?.kind === 'write') {
      const entries = torn.change.entries.slice(0, remains.tornEntries);
      this.#disk.apply({ ...torn.change, entries });
    }
    const { base, hardState, lastIndex } = this.#disk;
    const commit = Math.min(hardState.commit, lastIndex);
    const first = base.id.index + 1;
    const kept = first > lastIndex ? [] : readCache(this.#disk, first, lastIndex, Infinity);
    return new MemoryLog({ ...options, base, hardState: { ...hardState, commit } }, kept);
  }

  #push(pending: Pending): void {
    this.#pending.push(pending);
    this.#options.onPending?.();
  }

  #settle(): void {
    const pending = this.#pending;
    if (pending.every((each) => each.kind === 'write')) {
      const lowest = pending.map(({ change }) => change.truncateFrom ?? change.entries[0]?.index);
      const changed = lowest.filter((index) => index !== undefined);
      this.#durableIndex = Math.min(this.#disk.lastIndex, Math.min(...changed) - 1);
    }
    this.#compactDisk();
  }

  /** As soon as the base's entry is durable, and no reset is under way. */
  #compactDisk(): void {
    const { base } = this.#log;
    const resets = this.#pending.some((each) => each.kind === 'reset');
    if (!resets && this.#durableIndex >= base.id.index) this.#disk.compact(base);
  }

  #releaseClose(): void {
    const waiters = this.#closeWaiters;
    this.#closeWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #refuseIfOver(): void {
    if (this.#failure !== null) throw this.#failure;
  }
}

function applyTo(log: LogicalLog, pending: Pending): void {
  if (pending.kind === 'write') log.apply(pending.change);
  else log.reset(pending.base);
}

function readCache(log: LogicalLog, from: Index, to: Index, maxBytes: number): Entry[] {
  const out: Entry[] = [];
  let bytes = 0;
  for (let index = from; index <= to; index++) {
    const entry = log.cache.get(index);
    assert(entry !== undefined, `entry ${index} is not in memory`);
    if (!fits(entry, out.length, bytes, maxBytes)) break;
    out.push(entry);
    bytes += entry.data.length;
  }
  return out;
}
