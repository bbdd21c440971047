import type { Later } from './options.ts';

/**
 * Calls `work` when nothing was noted for at least half of `delayMs`, and at most all of it. One
 * `later` is under way at a time, however often something is noted, so noting costs nothing.
 */
export class IdleTimer {
  readonly #later: Later;
  readonly #work: () => void;
  readonly #roundMs: number;
  #running = false;
  #noted = false;
  #stopped = false;

  constructor(later: Later, work: () => void, delayMs: number) {
    this.#later = later;
    this.#work = work;
    this.#roundMs = delayMs / 2;
  }

  /** Something has happened. */
  note(): void {
    this.#noted = true;
    if (!this.#running) this.#round();
  }

  stop(): void {
    this.#stopped = true;
  }

  #round(): void {
    this.#running = true;
    this.#noted = false;
    this.#later(() => this.#over(), this.#roundMs);
  }

  #over(): void {
    this.#running = false;
    if (this.#stopped) return;
    if (this.#noted) this.#round();
    else this.#work();
  }
}
