import { assert } from '../base/assert.ts';
import type { Index } from '../raft/entry.ts';
import type { LogWrite } from './log-store.ts';

interface PendingWrite {
  readonly kind: 'write';
  readonly change: LogWrite;
  readonly done: () => void;
  readonly bytes: number;
  /** Entries from here on are changed by it. */
  readonly lowest: Index;
}

/** Something that must not run beside a flush: a reset, a seal. */
interface PendingTask {
  readonly kind: 'alone';
  readonly run: () => Promise<void>;
  readonly done: () => void;
  readonly bytes: 0;
  readonly lowest: Index;
}

type Pending = PendingWrite | PendingTask;

export interface FlushQueueOptions {
  /** Makes these writes durable together. One call at a time. */
  readonly append: (writes: readonly LogWrite[]) => Promise<void>;
  readonly flushBytesMax: number;
  readonly pendingBytesMax: number;
  /**
   * Before the `done` calls of each completed flush, with what is still pending already settled.
   */
  readonly onFlushed: () => void;
  /** Once; the queue is dead then, and what was pending is never done. */
  readonly onError: (error: unknown) => void;
}

/**
 * Group commit: while one flush is under way, everything handed over waits, and goes out together
 * as the next flush. Order is kept. Writes of the same turn go out together, too.
 */
export class FlushQueue {
  readonly #options: FlushQueueOptions;
  #waiting: Pending[] = [];
  #inFlight: readonly Pending[] = [];
  #busy = false;
  #dead = false;
  #pendingBytes = 0;
  #lowest: Index = Number.POSITIVE_INFINITY;
  #idleWaiters: (() => void)[] = [];

  constructor(options: FlushQueueOptions) {
    this.#options = options;
  }

  /** Entries from here on are not on disk as the log's readers see them; Infinity when all are. */
  get lowest(): Index {
    return this.#lowest;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get isIdle(): boolean {
    return !this.#busy;
  }

  write(change: LogWrite, done: () => void): void {
    const bytes = change.entries.reduce((sum, entry) => sum + entry.data.length, 0);
    const { pendingBytesMax } = this.#options;
    assert(this.#pendingBytes + bytes <= pendingBytesMax, 'more handed over than may be pending');
    const lowest = change.truncateFrom ?? change.entries[0]?.index ?? Number.POSITIVE_INFINITY;
    this.#push({ kind: 'write', change, done, bytes, lowest });
  }

  /** Runs `run` in its turn, with no flush beside it. It changes entries from `lowest` on. */
  alone(run: () => Promise<void>, lowest: Index, done: () => void): void {
    this.#push({ kind: 'alone', run, done, bytes: 0, lowest });
  }

  /** Nothing more is started, and no `done` is called any more. */
  kill(): void {
    this.#dead = true;
    this.#waiting = [];
  }

  /**
   * Resolves when nothing is pending, or the queue is dead and its last call to the disk is over.
   */
  idle(): Promise<void> {
    if (!this.#busy) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #push(pending: Pending): void {
    assert(!this.#dead, 'the queue is dead');
    this.#waiting.push(pending);
    this.#pendingBytes += pending.bytes;
    this.#lowest = Math.min(this.#lowest, pending.lowest);
    if (this.#busy) return;
    this.#busy = true;
    queueMicrotask(() => this.#next());
  }

  #next(): void {
    if (this.#waiting.length === 0) {
      this.#busy = false;
      this.#release();
      return;
    }
    this.#inFlight = this.#takeGroup();
    this.#flush(this.#inFlight).then(
      () => this.#flushed(),
      (error: unknown) => this.#die(error),
    );
  }

  #flush(group: readonly Pending[]): Promise<void> {
    const first = group[0];
    assert(first !== undefined, 'a flush of nothing');
    if (first.kind === 'alone') return first.run();
    const writes = group.filter((each) => each.kind === 'write');
    return this.#options.append(writes.map((each) => each.change));
  }

  /** The longest run of writes that fits a flush, at least one; a task goes alone. */
  #takeGroup(): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const each of this.#waiting) {
      bytes += each.bytes;
      if (count > 0 && (each.kind === 'alone' || bytes > this.#options.flushBytesMax)) break;
      count++;
      if (each.kind === 'alone') break;
    }
    return this.#waiting.splice(0, count);
  }

  /** The next flush starts before the callbacks run, so that the disk does not wait for them. */
  #flushed(): void {
    const finished = this.#inFlight;
    this.#inFlight = [];
    for (const each of finished) this.#pendingBytes -= each.bytes;
    this.#lowest = this.#waiting.reduce(
      (lowest, each) => Math.min(lowest, each.lowest),
      Number.POSITIVE_INFINITY,
    );
    this.#next();
    if (this.#dead) return;
    this.#options.onFlushed();
    for (const each of finished) each.done();
  }

  #die(error: unknown): void {
    this.kill();
    this.#busy = false;
    this.#release();
    this.#options.onError(error);
  }

  #release(): void {
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }
}
