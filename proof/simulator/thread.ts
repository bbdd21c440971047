import type { Clock, Timer } from '../../src/member/clock.ts';
import type { Timeline } from '../../src/transport/timeline.ts';

/** A process of a member: what belongs to it happens no more once it was killed. */
export interface SimProcess {
  readonly alive: boolean;
  /** Milliseconds of its own that pass in one of the simulation. */
  readonly clockRate: number;
  /** So much its clock has jumped ahead. */
  readonly clockJumpsMs: number;
  /** Something happened in this process: look at it when that is over. */
  touched(): void;
}

/** Work that waits for its time, then for its thread, and may be called off meanwhile. */
class SimTimer implements Timer {
  readonly #thread: SimThread;
  #work: (() => void) | null;

  constructor(thread: SimThread, work: () => void) {
    this.#thread = thread;
    this.#work = work;
  }

  readonly due = (): void => {
    if (this.#work !== null) this.#thread.run(this.#go);
  };

  readonly #go = (): void => this.#work?.();

  cancel(): void {
    this.#work = null;
  }
}

/** Work that comes again and again. Half of all events are such: they share one object. */
class Ticker {
  readonly #thread: SimThread;
  readonly #work: () => void;

  constructor(thread: SimThread, work: () => void) {
    this.#thread = thread;
    this.#work = work;
  }

  readonly due = (): void => this.#thread.run(this.#work);
}

/**
 * A thread of a simulated process. What happens in it happens one after the other; while it is stalled
 * (a long garbage collection, SIGSTOP) everything waits, in order.
 */
export class SimThread implements Clock {
  readonly #timeline: Timeline;
  readonly #process: SimProcess;
  #stalledUntilMs = 0;
  #waiting: (() => void)[] = [];
  #draining = false;
  /** Messages to other threads so far: each leaves in a microtask. */
  posts = 0;

  constructor(timeline: Timeline, process: SimProcess) {
    this.#timeline = timeline;
    this.#process = process;
  }

  now(): number {
    return this.#timeline.nowMs * this.#process.clockRate + this.#process.clockJumpsMs;
  }

  later(work: () => void, ms: number): Timer {
    const timer = new SimTimer(this, work);
    this.#timeline.after(ms / this.#process.clockRate, timer.due);
    return timer;
  }

  /** Returns what plans `work` for `ms` after now, as `later` does; to be called once at a time. */
  repeatedly(work: () => void, ms: number): () => void {
    const { due } = new Ticker(this, work);
    return () => this.#timeline.after(ms / this.#process.clockRate, due);
  }

  /** After so much time of the simulation, whatever this process takes for time. */
  after(ms: number, work: () => void): void {
    this.#timeline.after(ms, () => this.run(work));
  }

  run(work: () => void): void {
    if (!this.#process.alive) return;
    if (this.#timeline.nowMs < this.#stalledUntilMs || this.#waiting.length > 0) {
      this.#waiting.push(work);
      return;
    }
    this.#process.touched();
    work();
  }

  stall(ms: number): void {
    this.#stalledUntilMs = Math.max(this.#stalledUntilMs, this.#timeline.nowMs + ms);
    this.#wakeLater();
  }

  #wakeLater(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#timeline.at(this.#stalledUntilMs, () => this.#drain());
  }

  /** One piece of work is one event, as when it was not kept waiting. */
  #drain(): void {
    this.#draining = false;
    if (!this.#process.alive) return;
    if (this.#timeline.nowMs < this.#stalledUntilMs) return this.#wakeLater();
    const work = this.#waiting.shift();
    if (work === undefined) return;
    this.#process.touched();
    work();
    if (this.#waiting.length > 0) this.#wakeLater();
  }
}
