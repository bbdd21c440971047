import { messageOf } from '../../src/base/errors.ts';
import type { Sabotage } from './sabotage.ts';
import { type Caught, searchSeeds } from './search.ts';

export interface Outcome {
  readonly sabotage: Sabotage;
  /** Null: it escaped. */
  readonly caught: Caught | null;
  readonly seeds: number;
  /** Caught by one of the invariants that it breaks. */
  readonly named: boolean;
  /** It could not be tried, for this reason. */
  readonly trouble: string | null;
}

/** As many at a time: a run keeps one processor busy. */
const CONCURRENCY = 2;

/** Tries them all, from `firstSeed` on; `onOutcome` hears of each as it is known. */
export async function tryAll(
  sabotages: readonly Sabotage[],
  firstSeed: number,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = sabotages.entries();
  const worker = async () => {
    for (const [place, sabotage] of left) {
      const outcome = await tryOne(sabotage, firstSeed);
      outcomes[place] = outcome;
      onOutcome(outcome);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return outcomes;
}

async function tryOne(sabotage: Sabotage, firstSeed: number): Promise<Outcome> {
  try {
    return await firstCaught(sabotage, firstSeed);
  } catch (error) {
    return { sabotage, caught: null, seeds: 0, named: false, trouble: messageOf(error) };
  }
}

/** A seed that fails without the sabotage, too, has noticed something else, and does not count. */
async function firstCaught(sabotage: Sabotage, firstSeed: number): Promise<Outcome> {
  const how = {
    faults: sabotage.faults ?? null,
    leases: sabotage.leases === true,
    calls: sabotage.calls === true,
    shortLogs: sabotage.shortLogs === true,
    busy: sabotage.busy === true,
    realSqlite: sabotage.realSqlite === true,
  };
  let seeds = 0;
  while (seeds < sabotage.seedsMax) {
    const from = firstSeed + seeds;
    const left = sabotage.seedsMax - seeds;
    const search = await searchSeeds({ ...how, sabotage, firstSeed: from, seeds: left });
    seeds += search.seeds;
    const { caught } = search;
    if (caught === null) break;
    const plain = await searchSeeds({
      ...{ ...how, sabotage: null },
      ...{ firstSeed: caught.seed, seeds: 1 },
    });
    if (plain.caught !== null) continue;
    const named = isNamed(sabotage, caught.invariant);
    return { sabotage, caught, seeds, named, trouble: null };
  }
  return { sabotage, caught: null, seeds, named: false, trouble: null };
}

function isNamed({ breaks }: Sabotage, invariant: string): boolean {
  return breaks.some((name) => invariant === name || invariant.startsWith(`${name} `));
}
