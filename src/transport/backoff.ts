import { assert } from '../base/assert.ts';

/**
 * Waits between attempts to dial one peer: none, then from `minMs` doubling to `maxMs`, each drawn
 * from its upper half so that members that lost the same peer do not dial it in step.
 */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  #failures = 0;

  constructor(minMs: number, maxMs: number) {
    assert(minMs > 0 && minMs <= maxMs, `backoff from ${minMs} to ${maxMs} ms`);
    this.#minMs = minMs;
    this.#maxMs = maxMs;
  }

  /** After a failure: how long to wait. `random` is in [0, 1). */
  next(random: number): number {
    const failures = this.#failures++;
    if (failures === 0) return 0;
    const fullMs = Math.min(this.#minMs * 2 ** (failures - 1), this.#maxMs);
    return fullMs * (0.5 + random / 2);
  }

  /** The longest wait, for what time alone will not mend. */
  longest(random: number): number {
    this.#failures += 1;
    return this.#maxMs * (0.5 + random / 2);
  }

  reset(): void {
    this.#failures = 0;
  }
}
