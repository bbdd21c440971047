/** `npm run differential`: the same statements on plain SQLite and on a cluster; --help says how. */
import { parseArgs } from 'node:util';
import { Coverage } from './coverage.ts';
import { DifferenceFound, runSeed } from './run.ts';

const USAGE = `npm run differential -- [--seed N] [--runs N | --minutes N] [--steps N] [--disturbances N] [--trace]

Runs seeded SQL on plain SQLite and on three members that lose their leader meanwhile, and compares
answers and contents. Ends with status 1 at the first difference, which names its seed.

  --seed N          the first seed (default: of the clock); with --trace it prints every statement
  --runs N          so many seeds, one after the other (default 1)
  --minutes N       as many as begin in this time
  --steps N         statements and batches of each (default 500)
  --disturbances N  kills, hand-overs and the like in each (default 8)`;

function parse() {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      steps: { type: 'string' },
      disturbances: { type: 'string' },
      trace: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

function numberOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new TypeError(`not a number: ${text}`);
}

/** Runs one seed; what it started is gone afterwards. */
async function runOnce(
  seed: number,
  steps: number,
  disturbances: number,
  trace: boolean,
): Promise<Coverage> {
  const ending: (() => unknown)[] = [];
  const scope = { after: (fn: () => unknown) => ending.push(fn) };
  try {
    return await runSeed(scope, {
      seed,
      steps,
      disturbances,
      trace: trace ? console.log : () => {},
    });
  } finally {
    for (const end of ending.reverse()) await end();
  }
}

async function run(values: ReturnType<typeof parse>): Promise<void> {
  const first = numberOf(values.seed, Date.now() % 2 ** 32);
  const runs = values.minutes === undefined ? numberOf(values.runs, 1) : Number.POSITIVE_INFINITY;
  const end = performance.now() + numberOf(values.minutes, Number.POSITIVE_INFINITY) * 60_000;
  const coverage = new Coverage();
  for (let i = 0; i < runs && performance.now() < end; i++) {
    const seed = (first + i) % 2 ** 32;
    coverage.add(
      await runOnce(
        seed,
        numberOf(values.steps, 500),
        numberOf(values.disturbances, 8),
        values.trace,
      ),
    );
    console.log(`seed ${seed}: no difference`);
  }
  for (const line of coverage.lines()) console.log(line);
}

try {
  const values = parse();
  if (values.help) console.log(USAGE);
  else await run(values);
} catch (error) {
  if (error instanceof DifferenceFound) console.error(error.message);
  else console.error(error instanceof TypeError ? `${error.message}\n\n${USAGE}` : error);
  process.exitCode = 1;
}
