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

/** Tries them all, from `firstSeed` on; `onOutcome` hears of each as it is known. */
export async function tryAll(
  sabotages: readonly Sabotage[],
  firstSeed: number,
  onOutcome: (outcome: Outcome) => void = () => {},
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const left = sabotages.entries();
  const worker = async () => {
    const whole = new Searcher(null);
    try {
      for (const [place, sabotage] of left) {
        const outcome = await tryOne(sabotage, firstSeed, whole);
        outcomes[place] = outcome;
        onOutcome(outcome);
      }
    } finally {
      whole.end();
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return outcomes;
}

/** `whole`: for runs in which nothing is broken. */
async function tryOne(sabotage: Sabotage, firstSeed: number, whole: Searcher): Promise<Outcome> {
  const broken = new Searcher(sabotage);
  try {
    return await firstCaught(sabotage, firstSeed, { broken, whole });
  } catch (error) {
    return { sabotage, caught: null, seeds: 0, named: false, trouble: messageOf(error) };
  } finally {
    broken.end();
  }
}

/** A seed that fails without the sabotage, too, has noticed something else, and does not count. */
async function firstCaught(
  sabotage: Sabotage,
  firstSeed: number,
  { broken, whole }: { readonly broken: Searcher; readonly whole: Searcher },
): Promise<Outcome> {
  let seeds = 0;
  while (seeds < sabotage.seedsMax) {
    const from = firstSeed + seeds;
    const left = sabotage.seedsMax - seeds;
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
