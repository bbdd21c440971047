import type { Index } from '../raft/entry.ts';
import type { Clock } from './clock.ts';
import { APPLY_PACE_MS } from './raft-timing.ts';

/** With so many entries waiting there is nothing to be gained from more of them. */
const GATHERED_ENTRIES_MAX = 64;

/**
 * How often a follower gives its SQL thread entries to apply. The first ones after a pause go at once; under load the next ones
 * are gathered for a moment and become one commit: fewer frames, locks and wakings for the same content.
 */
export class ApplyPace {
  readonly #clock: Clock;
  readonly #turn: (work: () => void) => void;
  #resting = false;

  constructor(clock: Clock, turn: (work: () => void) => void) {
    this.#clock = clock;
    this.#turn = turn;
  }

  /** Whether the entries after `from`, up to `to`, should wait for more. */
  gathers(from: Index, to: Index): boolean {
    return this.#resting && to - from < GATHERED_ENTRIES_MAX;
  }

  /** Entries were handed out. */
  used(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.#clock.later(() => {
      this.#resting = false;
      this.#turn(() => {});
    }, APPLY_PACE_MS);
  }
}
