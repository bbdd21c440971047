// Child process: applies a sabotage to the files that it loads, then looks for the first seed that notices, as often as it is told to.
import type { FaultKind, Plan } from '../simulator/plan.ts';
import { applySabotage } from './apply.ts';
import type { Sabotage } from './sabotage.ts';
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

const broken = JSON.parse(process.argv[2]!) as Sabotage | null;
// An order may come before all is loaded.
const orders: Order[] = [];
let take = (order: Order): void => void orders.push(order);
process.on('message', (order) => take(order as Order));
if (broken !== null) await applySabotage(broken);
const { runSimulation } = await import('../simulator/run.ts');
const { makePlan } = await import('../simulator/plan.ts');

/** Three voters, so that a member cut off from the others is without a majority, and clients that soon ask it something. */
function focused(seed: number, row: Sabotage, kinds: readonly FaultKind[]): Partial<Plan> {
  const { leases, calls, shortLogs, busy, realSqlite } = row;
  const { options } = makePlan(seed);
  const plan = { ...FOCUSED, faults: new Set(kinds), ...(calls ? { calls: MANY_CALLS } : {}) };
  const leaseDriftMs = leases ? options.electionTimeoutMs / LEASE_DRIFT_SHARE : 0;
  const changed = {
    ...{ ...options, leaseDriftMs },
    ...(realSqlite || shortLogs ? { checkpointWalBytes: SMALL_WAL_BYTES } : {}),
    ...(shortLogs ? SHORT_LOGS : {}),
    ...row.options,
  };
  const often = realSqlite ? { realSqlite, faultEveryMs: 300 } : {};
  return { ...plan, ...often, ...(busy ? BUSY : {}), ...row.pace, options: changed };
}

async function search({ sabotage, firstSeed, seeds }: Order): Promise<Search> {
  const { faults } = sabotage;
  for (let run = 1; run <= seeds; run++) {
    const seed = firstSeed + run - 1;
    const options = faults === undefined ? {} : { plan: focused(seed, sabotage, faults) };
    const { failure } = await runSimulation(seed, options);
    if (failure === null) continue;
    const { invariant, message } = failure;
    return { caught: { seed, invariant, message }, seeds: run };
  }
  return { caught: null, seeds };
}

take = (order) => void search(order).then((found) => process.send!(found));
for (const order of orders) take(order);
