import type { Outcome } from './run.ts';

const NAME_COLUMNS = 56;
const INVARIANT_COLUMNS = 34;

function row(name: string, invariant: string, seeds: string): string {
  return `${name.padEnd(NAME_COLUMNS)} ${invariant.padEnd(INVARIANT_COLUMNS)} ${seeds}`;
}

export const header = row('sabotage', 'noticed by', 'seeds needed');

export function line({ sabotage, caught, seeds, named, trouble }: Outcome): string {
  const { name, breaks, seedsMax } = sabotage;
  if (trouble !== null) return row(name, `NOT TRIED: ${trouble}`, '-');
  if (caught === null) return row(name, 'ESCAPED', `${seeds} of ${seedsMax}`);
  const why = named
    ? ''
    : `  WRONG NAME: it breaks ${breaks.join(', ')}: ${caught.message.split('\n')[0]}`;
  return row(name, caught.invariant, `${seeds} (seed ${caught.seed})${why}`);
}

export function summary(outcomes: readonly Outcome[]): string {
  const seeds = outcomes.reduce((sum, outcome) => sum + outcome.seeds, 0);
  const noticed = outcomes.filter(({ named }) => named).length;
  return `${noticed} of ${outcomes.length} sabotages noticed, in ${seeds} runs`;
}
