import { CALL_KINDS, type CallKind } from './calls-done.ts';
import { FAULT_KINDS, type FaultKind } from './plan.ts';
import type { RunResult } from './run-result.ts';

/** What many runs did together. */
export class Tally {
  readonly #startedMs = performance.now();
  readonly faults = new Map<FaultKind, number>();
  readonly calls = new Map<CallKind, number>();
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
    addAll(this.faults, result.faults);
    addAll(this.calls, result.calls);
  }

  get memberSeconds(): number {
    return this.kinds.memory.memberSeconds + this.kinds.sqlite.memberSeconds;
  }

  /** In few words. */
  progress(): string {
    const seconds = (performance.now() - this.#startedMs) / 1000;
    const rate = Math.round(this.memberSeconds / seconds);
    return `${this.runs} runs, ${Math.round(this.memberSeconds)} member-seconds (${rate} per second)`;
  }

  summary(): string {
    const { memory, sqlite } = this.kinds;
    return [
      `${this.progress()}, ${this.operations} operations, ${this.entries} entries, ` +
        `${this.elections} elections, ${this.steps} steps, ${this.undecided} histories undecided`,
      `member-seconds on real SQLite: ${share(sqlite)}; on a state machine: ${share(memory)}`,
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

function share({ memberSeconds, cpuSeconds }: Tally['kinds']['memory']): string {
  const rate = cpuSeconds === 0 ? 0 : Math.round(memberSeconds / cpuSeconds);
  return `${Math.round(memberSeconds)} (${rate} per CPU-second)`;
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
