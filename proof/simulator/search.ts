import { randomBytes } from 'node:crypto';
import { printFailure, Tally } from './report.ts';
import { runSimulation } from './run.ts';

export interface SearchOptions {
  readonly runs: number | null;
  readonly minutes: number | null;
  readonly from: number | undefined;
  /** Whether to go on after a violation. */
  readonly keepGoing: boolean;
}

/** Runs one seed with every event on a line; false if it broke an invariant. */
export async function replay(seed: number, lines: boolean): Promise<boolean> {
  const print = lines ? (line: string) => console.log(line) : undefined;
  const tally = new Tally();
  const result = await runSimulation(seed, print === undefined ? {} : { print });
  if (result.failure !== null) printFailure(result, !lines);
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
  let failed = 0;
  console.log(`seeds from ${first}`);
  for (let i = 0; (runs === null || i < runs) && Date.now() < deadline; i++) {
    const result = await runSimulation((first + i) >>> 0);
    tally.add(result);
    if (result.failure === null) continue;
    failed++;
    printFailure(result, !keepGoing);
    if (!keepGoing) break;
  }
  console.log(tally.summary());
  return failed === 0;
}
