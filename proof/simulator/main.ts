import { Command, InvalidArgumentError } from 'commander';
import { replay, search } from './search.ts';

function integer(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new InvalidArgumentError('a whole number is wanted');
}

function positive(text: string): number {
  const value = Number(text);
  if (value > 0) return value;
  throw new InvalidArgumentError('a positive number is wanted');
}

const program = new Command('npm run simulate --')
  .description(
    'Runs whole clusters on simulated disks, networks and clocks, each decided by a seed.',
  )
  .option('--seed <n>', 'replay this run, with every event on a line', integer)
  .option('--runs <n>', 'search so many seeds', integer)
  .option('--minutes <n>', 'search for so long', positive)
  .option('--from <n>', 'first seed of a search; by default a random one', integer)
  .option('--keep-going', 'a search goes on after a violation')
  .option('--quiet', 'with --seed: no lines, the outcome only');
program.parse();

const {
  seed,
  runs,
  minutes,
  from,
  quiet,
  keepGoing = false,
} = program.opts<{
  seed?: number;
  runs?: number;
  minutes?: number;
  from?: number;
  keepGoing?: boolean;
  quiet?: boolean;
}>();

const ok =
  seed === undefined
    ? await search({
        runs: runs ?? null,
        minutes: minutes ?? (runs === undefined ? 1 : null),
        from,
        keepGoing,
      })
    : await replay(seed, quiet !== true);
process.exitCode = ok ? 0 : 1;
