import { Command, InvalidArgumentError } from 'commander';
import { applySabotage } from '../sabotage/apply.ts';
import { SABOTAGES } from '../sabotage/table.ts';
import { FAULT_KINDS, type FaultKind } from './plan.ts';
import { faultKinds, type PlanChanges } from './plan-changes.ts';

function integer(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('a whole number is wanted');
}

function seedOf(text: string): number {
  const value = integer(text);
  if (value < 2 ** 32) return value;
  throw new InvalidArgumentError('a seed has 32 bits');
}

function positiveInteger(text: string): number {
  const value = integer(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('at least 1 is wanted');
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('a positive number is wanted');
}

function kinds(text: string): FaultKind[] {
  const found = faultKinds(text);
  if (found !== null) return found;
  throw new InvalidArgumentError(`the kinds are ${FAULT_KINDS.join(', ')}`);
}

function sabotageNamed(name: string) {
  const found = SABOTAGES.find((sabotage) => sabotage.name === name);
  if (found !== undefined) return found;
  throw new InvalidArgumentError('proof/sabotage/table.ts has the names');
}

const program = new Command('npm run simulate --')
  .description(
    'Runs whole clusters on simulated disks, networks and clocks, each decided by a seed.',
  )
  .option('--seed <n>', 'replay this run, with every event on a line', seedOf)
  .option('--quiet', 'with --seed: no lines, the outcome only')
  .option('--minimise', 'with --seed: look for a smaller run that breaks the same')
  .option('--budget <n>', 'with --minimise: make so many runs at most', integer, 200)
  .option('--members <n>', 'with --seed: so many voters', integer)
  .option('--learners <n>', 'with --seed: so many of them', integer)
  .option('--spares <n>', 'with --seed: so many processes outside the membership', integer)
  .option('--clients <n>', 'with --seed: so many of them', integer)
  .option('--without <kinds>', 'with --seed: these faults do not happen (a,b,c)', kinds)
  .option('--events <n>', 'with --seed: the first so many faults of the nemesis only', integer)
  .option('--until <ms>', 'with --seed: all is healed then', integer)
  .option('--calm <ms>', 'with --seed: then a calm stretch of that length', integer)
  .option('--runs <n>', 'search so many seeds', integer)
  .option('--minutes <n>', 'search for so long', positive)
  .option('--from <n>', 'first seed of a search; by default a random one', seedOf)
  .option('--jobs <n>', 'a search makes so many runs at a time', positiveInteger, 1)
  .option('--keep-going', 'a search goes on after a violation')
  .option('--sabotage <name>', 'with this rule of the product broken', sabotageNamed);
program.parse();

interface Options extends PlanChanges {
  readonly seed?: number;
  readonly quiet?: boolean;
  readonly minimise?: boolean;
  readonly budget: number;
  readonly runs?: number;
  readonly minutes?: number;
  readonly from?: number;
  readonly jobs: number;
  readonly keepGoing?: boolean;
  readonly sabotage?: (typeof SABOTAGES)[number];
}

const options = program.opts<Options>();
const {
  seed,
  quiet,
  minimise,
  budget,
  runs,
  minutes,
  from,
  jobs,
  keepGoing,
  sabotage,
  ...changes
} = options;
// The product is loaded only now: a sabotage changes it while that happens.
if (sabotage !== undefined) await applySabotage(sabotage);
const { replay, search } = await import('./search.ts');
const { minimiseSeed } = await import('./minimise-seed.ts');

async function run(): Promise<boolean> {
  if (seed === undefined) {
    const time = minutes ?? (runs === undefined ? 1 : null);
    const how = { jobs, keepGoing: keepGoing === true, sabotage: sabotage ?? null };
    return search({ runs: runs ?? null, minutes: time, from, ...how });
  }
  const also = sabotage === undefined ? '' : `--sabotage "${sabotage.name}"`;
  const replayed = { seed, changes, also };
  return minimise === true ? minimiseSeed(replayed, budget) : replay(replayed, quiet !== true);
}

process.exitCode = (await run()) ? 0 : 1;
