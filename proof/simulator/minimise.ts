import { FAULT_KINDS, type FaultKind, type Plan } from './plan.ts';
import type { PlanChanges } from './plan-changes.ts';
import type { RunResult } from './run-result.ts';

/** What decides how small a run is, of which the plan says the rest. */
export type Tried = Pick<RunResult, 'plan' | 'faults' | 'events' | 'endedMs'> & {
  readonly failure: { readonly invariant: string } | null;
};

/** A run that breaks the invariant, and what makes it smaller than what the seed has planned. */
export interface Smaller<T extends Tried = RunResult> {
  readonly changes: PlanChanges;
  readonly result: T;
}

export interface Minimised<T extends Tried = RunResult> extends Smaller<T> {
  /** Runs that were made. */
  readonly runs: number;
  /** Nothing that is tried makes it smaller still. */
  readonly complete: boolean;
}

/** Less is not worth a run. */
const SHORTER_MS = 50;

/** What makes a run smaller is tried in this order: first what saves most. */
const WAYS = [lessCalm, shorter, fewerMembers, fewerClients, fewerKinds, fewerEvents] as const;

/**
 * Looks for a smaller run that breaks the same invariant as `start`, which must be a failure. Greedy: whatever still
 * fails is kept, until nothing more can be left out, or `runsMax` runs were made.
 */
export async function minimise<T extends Tried>(
  start: Smaller<T>,
  run: (changes: PlanChanges) => Promise<T>,
  runsMax: number,
  onSmaller: (smaller: Smaller<T>, runs: number) => void = () => {},
): Promise<Minimised<T>> {
  const invariant = start.result.failure?.invariant;
  let smallest = start;
  let runs = 0;
  const seen = new Set<string>();
  const next = () => candidates(smallest).find((changes) => !seen.has(JSON.stringify(changes)));
  for (let changes = next(); changes !== undefined; changes = next()) {
    if (runs === runsMax) return { ...smallest, runs, complete: false };
    seen.add(JSON.stringify(changes));
    runs++;
    const result = await run(changes);
    if (result.failure?.invariant !== invariant) continue;
    smallest = { changes, result };
    onSmaller(smallest, runs);
  }
  return { ...smallest, runs, complete: true };
}

/** Each smaller than `smallest` in one respect. */
function candidates({ changes, result }: Smaller<Tried>): PlanChanges[] {
  return WAYS.flatMap((way) => way(result, changes)).map((change) => ({ ...changes, ...change }));
}

function lessCalm({ plan: { calmMs } }: Tried): PlanChanges[] {
  const tries = new Set([0, Math.floor(calmMs / 2)]);
  return [...tries].filter((calm) => calmMs - calm >= SHORTER_MS).map((calm) => ({ calm }));
}

function shorter({ plan, endedMs }: Tried): PlanChanges[] {
  const { faultsMs } = plan;
  const tries = [Math.ceil(endedMs), Math.ceil(faultsMs / 2), Math.ceil((faultsMs * 3) / 4)];
  return tries.filter((until) => faultsMs - until >= SHORTER_MS).map((until) => ({ until }));
}

function fewerMembers({ plan }: Tried): PlanChanges[] {
  const { voters, learners, spares } = plan;
  const members = [1, 2, 3].filter((count) => count < voters).map((count) => ({ members: count }));
  const others: PlanChanges[] = [];
  if (spares > 0) others.push({ spares: 0 });
  if (learners > 0) others.push({ learners: 0 });
  return [...others, ...members];
}

function fewerClients({ plan: { clients } }: Tried): PlanChanges[] {
  const tries = new Set([1, Math.floor(clients / 2), clients - 1]);
  return [...tries].filter((n) => n >= 1 && n < clients).map((count) => ({ clients: count }));
}

/** Those that did not happen, all of them, each half, then one by one. */
function fewerKinds({ plan, faults }: Tried, { without = [] }: PlanChanges): PlanChanges[] {
  const left = kindsIn(plan);
  const idle = left.filter((kind) => (faults.get(kind) ?? 0) === 0);
  const middle = Math.ceil(left.length / 2);
  const halves = [left.slice(0, middle), left.slice(middle)];
  const groups = [idle, left, ...halves, ...left.map((kind) => [kind])];
  return groups
    .filter((group) => group.length > 0)
    .map((group) => ({ without: [...without, ...group] }));
}

export function kindsIn({ faults, without }: Plan): FaultKind[] {
  return FAULT_KINDS.filter((kind) => faults.has(kind) && !without.has(kind));
}

function fewerEvents({ events, plan: { eventsMax } }: Tried): PlanChanges[] {
  const now = Math.min(events, eventsMax ?? events);
  const tries = new Set([0, Math.floor(now / 2), now - 1]);
  return [...tries].filter((n) => n >= 0 && n < now).map((count) => ({ events: count }));
}
