import { register } from 'node:module';
import type { Sabotage } from './sabotage.ts';

/** The product is sabotaged from here on: in what this process has not imported yet. Throws if the line is not there. */
export async function applySabotage(sabotage: Sabotage): Promise<void> {
  register('./hooks.js', import.meta.url, { data: sabotage });
  // Loaded whether the simulator needs it or not: a line that is not there is an error, not an escape.
  await import(new URL(`../../${sabotage.file}`, import.meta.url).href);
}
