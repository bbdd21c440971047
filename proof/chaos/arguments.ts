import { randomInt } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ChaosOptions } from './run.ts';
import { FAULT_KINDS, type FaultKind } from './schedule.ts';

const CLI = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));
const SEED_LIMIT = 2 ** 32;
const MINUTES = 10;
const CLUSTERS = '3,5';

export type Arguments = Required<
  Pick<ChaosOptions, 'seed' | 'minutes' | 'clusters' | 'kinds' | 'cli'>
>;

export const USAGE = `npm run chaos -- [--minutes N] [--seed S] [--clusters 3,5] [--faults KIND,…] [--cli FILE]
kinds of faults: ${FAULT_KINDS.join(' ')}`;

/** Throws an Error that says what is wrong. */
export function parseArguments(args: readonly string[]): Arguments {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: String(MINUTES) },
      seed: { type: 'string', default: String(randomInt(SEED_LIMIT)) },
      clusters: { type: 'string', default: CLUSTERS },
      faults: { type: 'string', default: FAULT_KINDS.join(',') },
      cli: { type: 'string', default: CLI },
    },
  });
  const seed = number('seed', values.seed);
  if (!Number.isSafeInteger(seed) || seed >= SEED_LIMIT) throw wrong('seed', values.seed);
  const clusters = values.clusters.split(',').map((count) => number('clusters', count));
  // With fewer than three nothing may fail, and ids are single letters.
  if (!clusters.every((count) => Number.isInteger(count) && count >= 3 && count <= 9))
    throw wrong('clusters', values.clusters);
  const kinds = values.faults.split(',').map(kindOf);
  return { seed, minutes: number('minutes', values.minutes), clusters, kinds, cli: values.cli };
}

function kindOf(name: string): FaultKind {
  const kind = FAULT_KINDS.find((known) => known === name);
  if (kind === undefined) throw wrong('faults', name);
  return kind;
}

function number(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw wrong(name, text);
  return value;
}

function wrong(name: string, text: string): Error {
  return new Error(`--${name} cannot be ${JSON.stringify(text)}`);
}

/** The command that does the same schedule again. */
export function commandOf({ seed, minutes, clusters, kinds }: Arguments): string {
  const faults = kinds.length === FAULT_KINDS.length ? '' : ` --faults ${kinds.join(',')}`;
  return `npm run chaos -- --minutes ${minutes} --seed ${seed} --clusters ${clusters}${faults}`;
}
