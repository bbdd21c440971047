import type { TransactionRunOptions } from '../../src/api/transaction.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Cluster } from './cluster.ts';
import { drawDurability, mayBeDiscarded } from './writing.ts';

/**
 * How a function that is run as a transaction ends: it returns, and is committed; commits by itself, and keeps the receipt;
 * rolls back; throws; or is open for too long at its first attempt.
 */
export type FunctionWay = 'return' | 'commit' | 'roll back' | 'throw' | 'outlive';

export interface FunctionCall {
  readonly way: FunctionWay;
  readonly options: TransactionRunOptions & { readonly lifetimeMs: number };
  /** Between two statements. */
  readonly thoughtMsMax: number;
  /** What may be discarded can be judged by its receipt only: whatever attempt is to be committed has to ask for one. */
  readonly needsReceipt: boolean;
}

const WAYS: readonly FunctionWay[] = [
  ...(['return', 'return', 'return', 'commit', 'commit', 'commit'] as const),
  ...(['roll back', 'throw', 'outlive'] as const),
];
const RETRIES = [0, 1, 3, 10];
const LIFETIMES_MS = [60, 200, 1000];
const THOUGHTS_MS = [5, 30, 80];
const AT_A_LEVEL = 0.3;

export function drawFunction(prng: Prng, { plan, ids }: Cluster, id: string | null): FunctionCall {
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const retries = one(RETRIES);
  const options = {
    mode: one(['write', 'write', 'deferred'] as const),
    lifetimeMs: one(LIFETIMES_MS),
    ...(retries === 0 ? {} : { retries }),
    ...(id === null ? {} : { id }),
    ...(prng.chance(AT_A_LEVEL) ? drawDurability(prng, ids) : {}),
  };
  const drawn = one(WAYS);
  const needsReceipt = mayBeDiscarded(options.durability ?? plan.options.durability, plan);
  const way = drawn === 'return' && needsReceipt ? 'commit' : drawn;
  return { way, options, thoughtMsMax: one(THOUGHTS_MS), needsReceipt };
}
