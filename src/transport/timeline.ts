import { assert } from '../base/assert.ts';
import { EventQueue } from './event-queue.ts';

/** A simulated clock with what is to happen on it. Time passes only when its owner says so. */
export class Timeline {
  readonly #events = new EventQueue();
  #nowMs = 0;

  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much was ever planned. */
  get planned(): number {
    return this.#events.added;
  }

  /** When something happens next; `null`: never, unless somebody acts. */
  get nextAtMs(): number | null {
    return this.#events.nextAtMs;
  }

  /** `run` happens `ms` from now, after everything that was planned for that moment before. */
  after(ms: number, run: () => void): void {
    this.at(this.#nowMs + ms, run);
  }

  at(ms: number, run: () => void): void {
    this.#events.add(Math.max(ms, this.#nowMs), run);
  }

  /** Moves the clock to the next event, and lets that one happen. */
  step(): void {
    const at = this.#events.nextAtMs;
    assert(at !== null, 'something is to happen');
    this.#nowMs = at;
    this.#events.take()();
  }

  /** Lets everything happen that is due up to and including `ms`. */
  advanceTo(ms: number): void {
    assert(ms >= this.#nowMs, `time runs backwards: ${this.#nowMs} to ${ms}`);
    for (;;) {
      const at = this.#events.nextAtMs;
      if (at === null || at > ms) break;
      this.step();
    }
    this.#nowMs = ms;
  }
}
