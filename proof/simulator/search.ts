import { randomBytes } from 'node:crypto';
import { type Jobs, runSeeds } from './jobs.ts';
import { makePlan, type Plan } from './plan.ts';
import { changePlan, type PlanChanges, toArguments } from './plan-changes.ts';
import { printFailure, Tally } from './report.ts';
import { runSimulation } from './run.ts';

export interface SearchOptions extends Jobs {
  readonly runs: number | null;
  readonly minutes: number | null;
  readonly from: number | undefined;
  /** Whether to go on after a violation. */
  readonly keepGoing: boolean;
}

/** How often a long search says how far it is. */
const PROGRESS_MS = 60_000;
/** Of the last events of a run that failed, and of each where a search goes on. */
const LINES_SHOWN = 60;
const LINES_KEPT_GOING = 10;

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
  if (result.failure !== null) printFailure(result, lines ? 0 : LINES_SHOWN, argumentsOf(replayed));
  tally.add(result);
  console.log(tally.summary());
  console.log(`trace ${result.hash}`);
  return result.failure === null;
}

/** Runs seed after seed until one breaks an invariant, or the time is over. */
export async function search(options: SearchOptions): Promise<boolean> {
  const { from, keepGoing } = options;
  const first = from ?? randomBytes(4).readUInt32BE();
  const tally = new Tally();
  const failed: number[] = [];
  let toldMs = Date.now();
  console.log(`seeds from ${first}`);
  await runSeeds(seedsFrom(first, options), options, (result) => {
    tally.add(result);
    if (Date.now() - toldMs > PROGRESS_MS) {
      toldMs = Date.now();
      console.log(`${tally.progress()}, ${failed.length} failed; ${result.seed} was run`);
    }
    if (result.failure === null) return true;
    failed.push(result.seed);
    printFailure(result, keepGoing ? LINES_KEPT_GOING : LINES_SHOWN, '');
    return keepGoing;
  });
  console.log(tally.summary());
  if (failed.length > 0) console.log(`failed: ${failed.join(' ')}`);
  return failed.length === 0;
}

function* seedsFrom(first: number, { runs, minutes }: SearchOptions): Generator<number> {
  const deadline = minutes === null ? Number.POSITIVE_INFINITY : Date.now() + minutes * 60_000;
  for (let i = 0; (runs === null || i < runs) && Date.now() < deadline; i++)
    yield (first + i) >>> 0;
}
