import type { Clock } from './clock.ts';

/** Texts remembered; the one first seen goes first. */
const STATEMENTS_MAX = 500;

/** Statements that took long when they last ran: the next time they run on a thread of their own. */
export class SlowStatements {
  readonly #afterMs: number;
  readonly #clock: Clock;
  readonly #slow = new Set<string>();

  constructor(afterMs: number, clock: Clock) {
    this.#afterMs = afterMs;
    this.#clock = clock;
  }

  has(sql: string): boolean {
    return this.#slow.has(sql);
  }

  /** Runs it, and remembers how long that took. */
  time<T>(sql: string, run: () => T): T {
    const startMs = this.#clock.now();
    const result = run();
    this.note(sql, this.#clock.now() - startMs);
    return result;
  }

  note(sql: string, ms: number): void {
    if (ms < this.#afterMs) {
      this.#slow.delete(sql);
      return;
    }
    if (this.#slow.size >= STATEMENTS_MAX) this.#slow.delete(this.#slow.values().next().value!);
    this.#slow.add(sql);
  }
}
