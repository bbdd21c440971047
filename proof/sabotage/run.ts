import { messageOf } from '../../src/base/errors.ts';
import type { Sabotage } from './sabotage.ts';
import { type Caught, Searcher } from './search.ts';

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

export interface Trying {
  readonly firstSeed: number;
  /** Seeds that noticed a sabotage before, by its name: tried first, as most of them still do. */
  readonly known?: ReadonlyMap<string, number>;
  /** Hears of each outcome as it is known. */
  readonly onOutcome?: (outcome: Outcome) => void;
}

/** Tries them all. */
export async function tryAll(sabotages: readonly Sabotage[], trying: Trying): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = sabotages.entries();
  const worker = async () => {
    const whole = new Searcher(null);
    try {
      for (const [place, sabotage] of left) {
        const outcome = await tryOne(sabotage, trying, whole);
        outcomes[place] = outcome;
        trying.onOutcome?.(outcome);
      }
    } finally {
      whole.end();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return outcomes;
}

/** `whole`: for runs in which nothing is broken. */
async function tryOne(
  sabotage: Sabotage,
  { firstSeed, known }: Trying,
  whole: Searcher,
): Promise<Outcome> {
  const broken = new Searcher(sabotage);
  const searchers = { broken, whole };
  const first = known?.get(sabotage.name);
  try {
    if (first !== undefined) {
      const outcome = await firstCaught(sabotage, { firstSeed: first, seedsMax: 1 }, searchers);
      if (outcome.named) return outcome;
    }
    const { seedsMax } = sabotage;
    return await firstCaught(sabotage, { firstSeed, seedsMax }, searchers);
  } catch (error) {
    return { sabotage, caught: null, seeds: 0, named: false, trouble: messageOf(error) };
  } finally {
    broken.end();
  }
}

/** A seed that fails without the sabotage, too, has noticed something else, and does not count. */
async function firstCaught(
  sabotage: Sabotage,
  { firstSeed, seedsMax }: { readonly firstSeed: number; readonly seedsMax: number },
  { broken, whole }: { readonly broken: Searcher; readonly whole: Searcher },
): Promise<Outcome> {
  let seeds = 0;
  while (seeds < seedsMax) {
    const from = firstSeed + seeds;
    const left = seedsMax - seeds;
    const search = await broken.search({ sabotage, firstSeed: from, seeds: left });
    seeds += search.seeds;
    const { caught } = search;
    if (caught === null) break;
    const plain = await whole.search({ sabotage, firstSeed: caught.seed, seeds: 1 });
    if (plain.caught !== null) continue;
    const named = isNamed(sabotage, caught.invariant);
    return { sabotage, caught, seeds, named, trouble: null };
  }
  return { sabotage, caught: null, seeds, named: false, trouble: null };
}

function isNamed({ breaks }: Sabotage, invariant: string): boolean {
  return breaks.some((name) => invariant === name || invariant.startsWith(`${name} `));
}
