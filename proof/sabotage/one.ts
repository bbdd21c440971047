// Child process: applies a sabotage to the files that it loads, then looks for the first seed that notices.
import { applySabotage } from './apply.ts';
import type { Order, Search } from './search.ts';

/** With faults of one's own choice: a leader is elected, and lost again. */
const FAULT_EVERY_MS = 1000;

const { sabotage, firstSeed, seeds, faults } = JSON.parse(process.argv[2]!) as Order;
if (sabotage !== null) await applySabotage(sabotage);
const { runSimulation } = await import('../simulator/run.ts');
// Three voters, so that a member cut off from the others is without a majority.
const plan = { voters: 3, learners: 0, spares: 0, faultEveryMs: FAULT_EVERY_MS };
const options = faults === null ? {} : { plan: { ...plan, faults: new Set(faults) } };

const search: { caught: Search['caught']; seeds: number } = { caught: null, seeds: 0 };
while (search.caught === null && search.seeds < seeds) {
  const seed = firstSeed + search.seeds++;
  const { failure } = await runSimulation(seed, options);
  if (failure !== null)
    search.caught = { seed, invariant: failure.invariant, message: failure.message };
}
process.send!(search);
