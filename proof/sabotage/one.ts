// Child process: applies a sabotage to the files that it loads, then looks for the first seed that notices.
import type { FaultKind, Plan } from '../simulator/plan.ts';
import { applySabotage } from './apply.ts';
import type { Order, Search } from './search.ts';

/** With faults of one's own choice: a leader is elected, and lost again. */
const FOCUSED = {
  ...{ voters: 3, learners: 0, spares: 0 },
  ...{ faultEveryMs: 1000, faultsMs: 15_000, clients: 6, restMs: 20, reads: 0.5 },
};
/** The longest leases that the simulator's plans have. */
const LEASE_DRIFT_SHARE = 10;
const MANY_CALLS = { functions: 0.5, states: 0.5, loads: 0.4 };
const SHORT_LOGS = { logKeepBytes: 1, segmentBytesMax: 4096 };
const BUSY = {
  ...{ faultEveryMs: 400, clients: 12, restMs: 5, reads: 0.1 },
  ...{ portMsMax: 5, lossBreaks: true },
};
/** A few commits. */
const SMALL_WAL_BYTES = 8_000;

const order = JSON.parse(process.argv[2]!) as Order;
const { sabotage, firstSeed, seeds, faults } = order;
if (sabotage !== null) await applySabotage(sabotage);
const { runSimulation } = await import('../simulator/run.ts');
const { makePlan } = await import('../simulator/plan.ts');

/** Three voters, so that a member cut off from the others is without a majority, and clients that soon ask it something. */
function focused(seed: number, kinds: readonly FaultKind[]): Partial<Plan> {
  const { leases, calls, shortLogs, busy, realSqlite } = order;
  const { options } = makePlan(seed);
  const plan = { ...FOCUSED, faults: new Set(kinds), ...(calls ? { calls: MANY_CALLS } : {}) };
  const leaseDriftMs = leases ? options.electionTimeoutMs / LEASE_DRIFT_SHARE : 0;
  const changed = {
    ...{ ...options, leaseDriftMs },
    ...(realSqlite || shortLogs ? { checkpointWalBytes: SMALL_WAL_BYTES } : {}),
    ...(shortLogs ? SHORT_LOGS : {}),
  };
  const often = realSqlite ? { realSqlite, faultEveryMs: 300 } : {};
  return { ...plan, ...often, ...(busy ? BUSY : {}), options: changed };
}

const search: { caught: Search['caught']; seeds: number } = { caught: null, seeds: 0 };
while (search.caught === null && search.seeds < seeds) {
  const seed = firstSeed + search.seeds++;
  const options = faults === null ? {} : { plan: focused(seed, faults) };
  const { failure } = await runSimulation(seed, options);
  if (failure !== null)
    search.caught = { seed, invariant: failure.invariant, message: failure.message };
}
process.send!(search);
