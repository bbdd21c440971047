import type { Cluster } from './cluster.ts';
import { randomText } from './table.ts';

/** Writers that keep on through a change of leader, and know what was promised to them. */
export class Writers {
  readonly #cluster: Cluster;
  readonly #concurrency: number;
  readonly #acknowledged = new Set<number>();
  readonly #times: number[] = [];
  #nextId = 1;
  #running = false;
  #workers: Promise<void>[] = [];

  constructor(cluster: Cluster, concurrency: number) {
    this.#cluster = cluster;
    this.#concurrency = concurrency;
  }

  /** When each write was answered, performance.now(), since start(). */
  get times(): readonly number[] {
    return this.#times;
  }

  get acknowledged(): ReadonlySet<number> {
    return this.#acknowledged;
  }

  start(): void {
    this.#times.length = 0;
    this.#running = true;
    const worker = async () => {
      while (this.#running) await this.write();
    };
    this.#workers = Array.from({ length: this.#concurrency }, worker);
  }

  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#workers);
  }

  /** Resolves with the time of its answer. An id is used once, so a write done twice is an error. */
  async write(): Promise<number> {
    const id = this.#nextId++;
    const args = [id, id % 1000, randomText()];
    await this.#cluster.app.execute('INSERT INTO t(id, k, v) VALUES (?, ?, ?)', args);
    const answered = performance.now();
    this.#times.push(answered);
    this.#acknowledged.add(id);
    return answered;
  }

  /** The longest time without an answer that ended after `fromMs`. */
  longestGapMs(fromMs: number): number {
    let longest = 0;
    for (let i = 1; i < this.#times.length; i++)
      if (this.#times[i]! >= fromMs)
        longest = Math.max(longest, this.#times[i]! - this.#times[i - 1]!);
    return longest;
  }
}
