import { FAULT_KINDS, type FaultKind } from './plan.ts';
import type { RunResult } from './run.ts';

/** What many runs did together. */
export class Tally {
  readonly #startedMs = performance.now();
  readonly faults = new Map<FaultKind, number>();
  runs = 0;
  memberSeconds = 0;
  operations = 0;
  entries = 0;
  elections = 0;
  steps = 0;
  undecided = 0;

  add(result: RunResult): void {
    this.runs++;
    this.memberSeconds += result.memberSeconds;
    this.operations += result.operations;
    this.entries += result.entries;
    this.elections += result.elections;
    this.steps += result.steps;
    this.undecided += result.undecided;
    for (const [kind, count] of result.faults)
      this.faults.set(kind, (this.faults.get(kind) ?? 0) + count);
  }

  /** In few words. */
  progress(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = Math.round(this.memberSeconds / seconds);
    return `${this.runs} runs, ${Math.round(this.memberSeconds)} member-seconds (${rate} per second)`;
  }

  summary(): string {
    const faults = FAULT_KINDS.map((kind) => `${kind} ${this.faults.get(kind) ?? 0}`).join(', ');
    return [
      `${this.progress()}, ${this.operations} operations, ${this.entries} entries, ` +
        `${this.elections} elections, ${this.steps} steps, ${this.undecided} histories undecided`,
      `faults: ${faults}`,
    ].join('\n');
  }
}

export function printFailure(
  { seed, plan, failure }: RunResult,
  lines: boolean,
  changes: string,
): void {
  if (failure === null) return;
  if (lines) for (const line of failure.lines) console.log(line);
  const { faults, without, ...rest } = plan;
  const sets = { faults: [...faults], without: [...without] };
  console.log(`\nseed ${seed}: ${JSON.stringify({ ...rest, ...sets })}`);
  console.log(`VIOLATED ${failure.invariant}\n${failure.message}`);
  console.log(`replay: ${replayCommand(seed, changes)}`);
}

/** `changes`: what else the command line has to say. */
export function replayCommand(seed: number, changes: string): string {
  return `npm run simulate -- --seed ${seed} ${changes}`.trim();
}
