import type { Cluster } from './cluster.ts';
import type { Work } from './run-result.ts';

/** Counts what a run does. */
export class Meter {
  readonly #cluster: Pick<Cluster, 'up' | 'timeline'>;
  readonly #operations: () => number;
  #memberMs = 0;
  #lastMs = 0;
  steps = 0;

  constructor(cluster: Pick<Cluster, 'up' | 'timeline'>, operations: () => number) {
    this.#cluster = cluster;
    this.#operations = operations;
  }

  /** After each step. */
  stepped(): void {
    const { nowMs } = this.#cluster.timeline;
    this.steps++;
    if (nowMs === this.#lastMs) return;
    this.#memberMs += (nowMs - this.#lastMs) * this.#cluster.up;
    this.#lastMs = nowMs;
  }

  /** Returns what tells what was done from now on. */
  begin(): () => Work {
    const before = process.cpuUsage();
    const [memberMs, steps, operations] = [this.#memberMs, this.steps, this.#operations()];
    return () => {
      const { user, system } = process.cpuUsage(before);
      return {
        memberSeconds: (this.#memberMs - memberMs) / 1000,
        cpuSeconds: (user + system) / 1e6,
        steps: this.steps - steps,
        operations: this.#operations() - operations,
      };
    };
  }
}
