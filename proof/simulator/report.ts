import { CALL_KINDS, type CallKind } from './calls-done.ts';
import { FAULT_KINDS, type FaultKind } from './plan.ts';
import type { RunResult, Work } from './run-result.ts';

interface Sum {
  memberSeconds: number;
  cpuSeconds: number;
  steps: number;
  operations: number;
}

function nothing(): Sum {
  return { memberSeconds: 0, cpuSeconds: 0, steps: 0, operations: 0 };
}

/** What many runs did together. */
export class Tally {
  readonly #startedMs = performance.now();
  readonly faults = new Map<FaultKind, number>();
  readonly calls = new Map<CallKind, number>();
  runs = 0;
  /** Under load, by what the members have for a database; and in calm stretches, whatever that is. */
  readonly kinds = { memory: nothing(), sqlite: nothing(), calm: nothing() };
  entries = 0;
  elections = 0;
  undecided = 0;

  add(result: RunResult): void {
    const { calm, faults } = result;
    this.runs++;
    add(this.kinds.calm, calm, 1);
    const kind = this.kinds[result.plan.realSqlite ? 'sqlite' : 'memory'];
    add(kind, result, 1);
    add(kind, calm, -1);
    this.entries += result.entries;
    this.elections += result.elections;
    this.undecided += result.undecided;
    addAll(this.faults, faults);
    addAll(this.calls, result.calls);
  }

  get total(): Sum {
    const sum = nothing();
    for (const kind of Object.values(this.kinds)) add(sum, kind, 1);
    return sum;
  }

  get operations(): number {
    return this.total.operations;
  }

  /** In few words. */
  progress(): string {
    const { memberSeconds } = this.total;
    const rate = memberSeconds / ((performance.now() - this.#startedMs) / 1000);
    return `${this.runs} runs, ${Math.round(memberSeconds)} member-seconds (${Math.round(rate)} per second)`;
  }

  summary(): string {
    const { memory, sqlite, calm } = this.kinds;
    return [
      `${this.progress()}, ${this.operations} operations, ${this.entries} entries, ` +
        `${this.elections} elections, ${this.total.steps} steps, ${this.undecided} histories undecided`,
      `under load, on a state machine: ${rates(memory)}`,
      `under load, on real SQLite:     ${rates(sqlite)}`,
      `in calm stretches:              ${rates(calm)}`,
      `calls: ${counted(CALL_KINDS, this.calls)}`,
      `faults: ${counted(FAULT_KINDS, this.faults)}`,
    ].join('\n');
  }
}

function addAll<K>(to: Map<K, number>, counts: ReadonlyMap<K, number>): void {
  for (const [kind, count] of counts) to.set(kind, (to.get(kind) ?? 0) + count);
}

function counted<K>(kinds: readonly K[], counts: ReadonlyMap<K, number>): string {
  return kinds.map((kind) => `${kind} ${counts.get(kind) ?? 0}`).join(', ');
}

function add(sum: Sum, work: Work, sign: 1 | -1): void {
  sum.memberSeconds += sign * work.memberSeconds;
  sum.cpuSeconds += sign * work.cpuSeconds;
  sum.steps += sign * work.steps;
  sum.operations += sign * work.operations;
}

/** So that a high rate of one thing does not hide a low one of another. */
function rates({ memberSeconds, cpuSeconds, steps, operations }: Work): string {
  const rate = (of: number) => Math.round(cpuSeconds > 0 ? of / cpuSeconds : 0);
  return (
    `${Math.round(memberSeconds)} member-seconds; of a CPU-second ${rate(memberSeconds)}, ` +
    `with ${rate(steps)} steps and ${rate(operations)} operations`
  );
}

/** `lines`: so many of the last events at most. */
export function printFailure(
  { seed, plan, failure }: RunResult,
  lines: number,
  changes: string,
): void {
  if (failure === null) return;
  if (lines > 0) for (const line of failure.lines.slice(-lines)) console.log(line);
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
