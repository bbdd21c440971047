import { FEATURES } from './generator.ts';
import { failed, type Outcome } from './outcome.ts';
import type { Step } from './step.ts';

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
    for (const [name, times] of other.#disturbances)
      this.#disturbances.set(name, (this.#disturbances.get(name) ?? 0) + times);
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
    return [...lines, ...[...this.#disturbances].map(([name, times]) => `${name}: ${times}`)];
  }
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
