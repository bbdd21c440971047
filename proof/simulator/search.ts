import { randomBytes } from 'node:crypto';
import { makePlan, type Plan } from './plan.ts';
import { changePlan, type PlanChanges, toArguments } from './plan-changes.ts';
import { printFailure, Tally } from './report.ts';
import { runSimulation } from './run.ts';

export interface SearchOptions {
  readonly runs: number | null;
  readonly minutes: number | null;
  readonly from: number | undefined;
  /** Whether to go on after a violation. */
  readonly keepGoing: boolean;
}

/** How often a long search says how far it is. */
const PROGRESS_MS = 60_000;

export interface Replayed {
  readonly seed: number;
  readonly changes: PlanChanges;
  /** What of the command line is not in `changes`. */
  readonly also: string;
}

export function planOf({ seed, changes }: Replayed): Plan {
  return changePlan(makePlan(seed), changes);
}

/** The rest of the command line that replays it. */
export function argumentsOf({ changes, also }: Replayed): string {
  return `${toArguments(changes)} ${also}`.trim();
}

/** Runs one seed with every event on a line; false if it broke an invariant. */
export async function replay(replayed: Replayed, lines: boolean): Promise<boolean> {
  const print = lines ? { print: (line: string) => console.log(line) } : {};
  const tally = new Tally();
  const result = await runSimulation(replayed.seed, { ...print, plan: planOf(replayed) });
  if (result.failure !== null) printFailure(result, !lines, argumentsOf(replayed));
  tally.add(result);
  console.log(tally.summary());
  console.log(`trace ${result.hash}`);
  return result.failure === null;
}

/** Runs seed after seed until one breaks an invariant, or the time is over. */
export async function search({ runs, minutes, from, keepGoing }: SearchOptions): Promise<boolean> {
  const first = from ?? randomBytes(4).readUInt32BE();
  const deadline = minutes === null ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  const tally = new Tally();
  const failed: number[] = [];
  let toldMs = Date.now();
  console.log(`seeds from ${first}`);
  for (let i = 0; (runs === null || i < runs) && Date.now() < deadline; i++) {
    const result = await runSimulation((first + i) >>> 0);
    tally.add(result);
    if (Date.now() - toldMs > PROGRESS_MS) {
      toldMs = Date.now();
      console.log(`${tally.progress()}, ${failed.length} failed; next seed ${first + i + 1}`);
    }
    if (result.failure === null) continue;
    failed.push(result.seed);
    printFailure(result, !keepGoing, '');
    if (!keepGoing) break;
  }
  console.log(tally.summary());
  if (failed.length > 0) console.log(`failed: ${failed.join(' ')}`);
  return failed.length === 0;
}
