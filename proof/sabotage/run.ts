import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Sabotage } from './sabotage.ts';

/** What a child is told. */
export interface Order {
  readonly sabotage: Sabotage;
  readonly firstSeed: number;
}

/** The run that noticed. */
export interface Caught {
  readonly seed: number;
  readonly invariant: string;
  readonly message: string;
}

export interface Outcome {
  readonly sabotage: Sabotage;
  /** Null: it escaped. */
  readonly caught: Caught | null;
  readonly seeds: number;
  /** Caught by one of the invariants that it breaks. */
  readonly named: boolean;
  /** The child did not come to an end of its own, and this is what it said. */
  readonly trouble: string | null;
}

/** As many at a time: a run keeps one processor busy. */
const CONCURRENCY = 2;
/** A child that runs longer than this is stuck. */
const CHILD_MS_MAX = 600_000;

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
      outcomes[place] = await tryOne({ sabotage, firstSeed });
      onOutcome(outcomes[place]);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return outcomes;
}

function tryOne(order: Order): Promise<Outcome> {
  const { sabotage } = order;
  const child = fork(fileURLToPath(new URL('./one.js', import.meta.url)), [JSON.stringify(order)], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    timeout: CHILD_MS_MAX,
  });
  let said = '';
  let result: Pick<Outcome, 'caught' | 'seeds'> | null = null;
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2000);
  });
  child.on('message', (message) => {
    result = message as Pick<Outcome, 'caught' | 'seeds'>;
  });
  return new Promise((resolve) => {
    child.on('close', (status) => {
      const trouble = result === null ? `ended with status ${status}: ${said}` : null;
      const { caught, seeds } = result ?? { caught: null, seeds: 0 };
      const named = caught !== null && isNamed(sabotage, caught.invariant);
      resolve({ sabotage, caught, seeds, named, trouble });
    });
  });
}

function isNamed({ breaks }: Sabotage, invariant: string): boolean {
  return breaks.some((name) => invariant === name || invariant.startsWith(`${name} `));
}
