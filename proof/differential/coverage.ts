import { FEATURES } from './generator.ts';
import { failed, type Outcome } from './outcome.ts';
import type { Step } from './step.ts';
import { WAYS } from './ways.ts';

interface Count {
  succeeded: number;
  failed: number;
}

/** How often each feature did what it is there for: succeed, or fail as it has to. */
export class Coverage {
  readonly #features = new Map<string, Count>(
    FEATURES.map(({ name }) => [name, { succeeded: 0, failed: 0 }]),
  );
  readonly #disturbances = new Map<string, number>();
  readonly #ways = new Map<string, number>(WAYS.map((way) => [way, 0]));
  steps = 0;

  note(step: Step, outcome: Outcome): void {
    const count = this.#features.get(step.feature)!;
    this.steps++;
    if (failed(outcome)) count.failed++;
    else count.succeeded++;
  }

  disturbed(name: string): void {
    this.#disturbances.set(name, (this.#disturbances.get(name) ?? 0) + 1);
  }

  add(other: Coverage): void {
    this.steps += other.steps;
    for (const [name, { succeeded, failed: wrong }] of other.#features) {
      const count = this.#features.get(name)!;
      count.succeeded += succeeded;
      count.failed += wrong;
    }
    addCounts(this.#disturbances, other.#disturbances);
    this.went(other.#ways);
  }

  /** So often steps were done in these ways. */
  went(ways: ReadonlyMap<string, number>): void {
    addCounts(this.#ways, ways);
  }

  /** Ways that nothing was done in. */
  missingWays(): string[] {
    return [...this.#ways].filter(([, times]) => times === 0).map(([way]) => way);
  }

  /** Features that never did it. */
  missing(): string[] {
    return FEATURES.filter(({ name, succeeds = true }) => {
      const { succeeded, failed: wrong } = this.#features.get(name)!;
      return (succeeds ? succeeded : wrong) === 0;
    }).map(({ name }) => name);
  }

  disturbances(): ReadonlyMap<string, number> {
    return this.#disturbances;
  }

  /** `feature succeeded/failed`, many in a line. */
  lines(): string[] {
    const parts = [...this.#features].map(
      ([name, count]) => `${name} ${count.succeeded}/${count.failed}`,
    );
    const lines = [`${this.steps} steps; ok/failed of each feature:`, ...wrap(parts)];
    const ways = [...this.#ways].map(([name, times]) => `${name} ${times}`);
    lines.push('ways:', ...wrap(ways));
    return [...lines, ...[...this.#disturbances].map(([name, times]) => `${name}: ${times}`)];
  }
}

function addCounts(counts: Map<string, number>, more: ReadonlyMap<string, number>): void {
  for (const [name, times] of more) counts.set(name, (counts.get(name) ?? 0) + times);
}

function wrap(parts: readonly string[]): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last === undefined || last.length + part.length > 150) lines.push(`  ${part}`);
    else lines[lines.length - 1] = `${last} · ${part}`;
  }
  return lines;
}
