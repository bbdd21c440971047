// Child process: applies one sabotage to the files that it loads, then looks for the first seed that catches it.
import { register } from 'node:module';
import type { Caught, Order } from './run.ts';

const order = JSON.parse(process.argv[2]!) as Order;
const { sabotage } = order;
register('./hooks.js', import.meta.url, { data: sabotage });
// Loaded whether the simulator needs it or not: a line that is not there is an error, not an escape.
await import(new URL(`../../${sabotage.file}`, import.meta.url).href);
const { runSimulation } = await import('../simulator/run.ts');

let caught: Caught | null = null;
let seed = order.firstSeed;
for (; caught === null && seed < order.firstSeed + sabotage.seedsMax; seed++) {
  const { failure } = await runSimulation(seed);
  if (failure !== null) caught = { seed, invariant: failure.invariant, message: failure.message };
}
process.send!({ caught, seeds: seed - order.firstSeed });
