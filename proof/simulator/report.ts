import { FAULT_KINDS, type FaultKind } from './plan.ts';
import type { RunResult } from './run.ts';

/** What many runs did together. */
export class Tally {
  readonly #startedMs = performance.now();
  readonly faults = new Map<FaultKind, number>();
  runs = 0;
  /** By what the members have for a database. */
  readonly kinds = {
    memory: { memberSeconds: 0, cpuSeconds: 0 },
    sqlite: { memberSeconds: 0, cpuSeconds: 0 },
  };
  operations = 0;
  entries = 0;
  elections = 0;
  steps = 0;
  undecided = 0;

  add(result: RunResult): void {
    this.runs++;
    const kind = this.kinds[result.plan.realSqlite ? 'sqlite' : 'memory'];
    kind.memberSeconds += result.memberSeconds;
    kind.cpuSeconds += result.cpuSeconds;
    this.operations += result.operations;
    this.entries += result.entries;
    this.elections += result.elections;
    this.steps += result.steps;
    this.undecided += result.undecided;
    for (const [kind, count] of result.faults)
      this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
  }

  get memberSeconds(): number {
    return this.kinds.memory.memberSeconds + this.kinds.sqlite.memberSeconds;
  }

  summary(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = Math.round(this.memberSeconds / seconds);
    const faults = FAULT_KINDS.map((kind) => `${kind} ${this.faults.get(kind) ?? 0}`).join(', ');
    const { memory, sqlite } = this.kinds;
    return [
      `${this.runs} runs, ${Math.round(this.memberSeconds)} member-seconds (${rate} per second), ` +
        `${this.operations} operations, ${this.entries} entries, ${this.elections} elections, ` +
        `${this.steps} steps, ${this.undecided} histories undecided`,
      `member-seconds on real SQLite: ${share(sqlite)}; on a state machine: ${share(memory)}`,
      `faults: ${faults}`,
    ].join('\n');
  }
}

function share({ memberSeconds, cpuSeconds }: Tally['kinds']['memory']): string {
  const rate = cpuSeconds === 0 ? 0 : Math.round(memberSeconds / cpuSeconds);
  return `${Math.round(memberSeconds)} (${rate} per CPU-second)`;
}

export function printFailure({ seed, plan, failure }: RunResult, lines: boolean): void {
  if (failure === null) return;
  if (lines) for (const line of failure.lines) console.log(line);
  const { faults, ...rest } = plan;
  console.log(`\nseed ${seed}: ${JSON.stringify({ ...rest, faults: [...faults] })}`);
  console.log(`VIOLATED ${failure.invariant}\n${failure.message}`);
  console.log(`replay: npm run simulate -- --seed ${seed}`);
}
