/** Times in milliseconds, each one kept, so that quantiles are exact. */
export class Samples {
  #times = new Float64Array(4096);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#times[this.#count++] = ms;
  }

  quantiles(...qs: number[]): number[] {
    const sorted = this.#times.slice(0, this.#count).sort();
    return qs.map((q) => sorted[Math.min(this.#count - 1, Math.floor(q * this.#count))] ?? 0);
  }
}

/** What one cell came to in one round. */
export interface Measured {
  readonly perSecond: number;
  readonly p50ms: number;
  readonly p99ms: number;
}

/** `operations` may be more than the samples, where not each one was timed. */
export function measured(samples: Samples, operations: number, seconds: number): Measured {
  const [p50ms, p99ms] = samples.quantiles(0.5, 0.99) as [number, number];
  return { perSecond: operations / seconds, p50ms, p99ms };
}

/** Of an even number of values the upper one of the middle two; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((x, y) => x - y);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Each figure's own median over the rounds. */
export function medianOf(rounds: readonly Measured[]): Measured {
  const of = (pick: (round: Measured) => number) => median(rounds.map(pick));
  return {
    perSecond: of((round) => round.perSecond),
    p50ms: of((round) => round.p50ms),
    p99ms: of((round) => round.p99ms),
  };
}
