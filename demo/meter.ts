import { LIMITS } from './limits.ts';

interface Sample {
  readonly atMs: number;
  readonly latencyMs: number;
}

/** Rate and median latency of what ended within the last LIMITS.meterWindowMs. */
export class Meter {
  #samples: Sample[] = [];

  record(atMs: number, latencyMs: number): void {
    this.#samples.push({ atMs, latencyMs });
    if (this.#samples.length <= LIMITS.meterSamplesMax) return;
    this.#forgetBefore(atMs - LIMITS.meterWindowMs);
    this.#samples = this.#samples.slice(-LIMITS.meterSamplesMax / 2);
  }

  read(nowMs: number): { readonly perSecond: number; readonly p50Ms: number | null } {
    this.#forgetBefore(nowMs - LIMITS.meterWindowMs);
    const latencies = this.#samples.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
    const perSecond = (latencies.length * 1000) / LIMITS.meterWindowMs;
    return { perSecond, p50Ms: latencies[Math.floor(latencies.length / 2)] ?? null };
  }

  #forgetBefore(atMs: number): void {
    const first = this.#samples.findIndex((sample) => sample.atMs >= atMs);
    this.#samples = first < 0 ? [] : this.#samples.slice(first);
  }
}

/**
 * When the last LIMITS.ackTimesMax acknowledgements came, for finding the pause that a takeover
 * was.
 */
export class AckTimes {
  readonly #ring = new Float64Array(LIMITS.ackTimesMax);
  #count = 0;

  record(atMs: number): void {
    this.#ring[this.#count % this.#ring.length] = atMs;
    this.#count += 1;
  }

  /** The longest time between two neighbours of which the later one came after `fromMs`. */
  longestGapSince(fromMs: number): number {
    const oldest = Math.max(0, this.#count - this.#ring.length);
    let longest = 0;
    for (let i = this.#count - 1; i > oldest && this.#at(i) >= fromMs; i--)
      longest = Math.max(longest, this.#at(i) - this.#at(i - 1));
    return longest;
  }

  #at(i: number): number {
    return this.#ring[i % this.#ring.length]!;
  }
}
