import { FAULT_KINDS, type FaultKind, type Plan } from './plan.ts';

/** What of a seed's plan is smaller; what is left out is as the seed has it. Each can be said on the command line. */
export interface PlanChanges {
  readonly members?: number;
  readonly learners?: number;
  readonly spares?: number;
  readonly clients?: number;
  /** Kinds of fault that do not happen. The others come when they would have come with them. */
  readonly without?: readonly FaultKind[];
  /** So many of what the nemesis does. */
  readonly events?: number;
  /** Everything is healed after so many milliseconds. */
  readonly until?: number;
  /** The calm stretch behind it lasts so many milliseconds. */
  readonly calm?: number;
}

export function changePlan(plan: Plan, changes: PlanChanges): Plan {
  const without = new Set([...plan.without, ...(changes.without ?? [])]);
  const { network } = plan;
  return {
    ...plan,
    voters: changes.members ?? plan.voters,
    learners: changes.learners ?? plan.learners,
    spares: changes.spares ?? plan.spares,
    clients: changes.clients ?? plan.clients,
    without,
    eventsMax: changes.events ?? plan.eventsMax,
    faultsMs: changes.until ?? plan.faultsMs,
    calmMs: changes.calm ?? plan.calmMs,
    network: {
      ...network,
      loss: without.has('lose') ? 0 : network.loss,
      duplication: without.has('duplicate') ? 0 : network.duplication,
      reordering: without.has('reorder') ? 0 : network.reordering,
      delayMaxMs: without.has('delay') ? 1 : network.delayMaxMs,
    },
  };
}

/** As arguments of `npm run simulate`. */
export function toArguments(changes: PlanChanges): string {
  return Object.entries(changes)
    .filter(([, value]) => !Array.isArray(value) || value.length > 0)
    .map(([name, value]) => `--${name} ${Array.isArray(value) ? value.join(',') : value}`)
    .join(' ');
}

/** A list of kinds, separated by commas; null if one of them is none. */
export function faultKinds(text: string): FaultKind[] | null {
  const known: readonly string[] = FAULT_KINDS;
  const kinds = text.split(',').filter((kind) => kind !== '');
  return kinds.every((kind) => known.includes(kind)) ? (kinds as FaultKind[]) : null;
}
