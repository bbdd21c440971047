import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Outcome } from './run.ts';

/** Read from build/proof/sabotage/. */
const FILE = fileURLToPath(new URL('../../../proof/sabotage/known-seeds.json', import.meta.url));

/** The seed that noticed each sabotage when that was last noted, by name. */
export function knownSeeds(): ReadonlyMap<string, number> {
  return new Map(Object.entries(JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>));
}

/** Notes those that were noticed by the right name; others stay as they are. */
export function noteSeeds(outcomes: readonly Outcome[]): void {
  const seeds = new Map(knownSeeds());
  for (const { sabotage, caught, named } of outcomes)
    if (named && caught !== null) seeds.set(sabotage.name, caught.seed);
  writeFileSync(FILE, `${JSON.stringify(Object.fromEntries(seeds), null, 2)}\n`);
}
