import { type Durability, mayBeLost } from '../../src/api/durability.ts';
import type { WriteOptions } from '../../src/api/request.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Plan } from './plan.ts';

/** Whether an interactive transaction is committed, rolled back, or left open until its lifetime ends. */
export type Ending = 'commit' | 'roll back' | 'abandon';

/** How one write is asked. */
export interface Writing {
  readonly options: WriteOptions;
  /** As an interactive transaction that ends so; null: in one call. */
  readonly ending: Ending | null;
}

/** Shares of the writes that are made so. */
const AT_A_LEVEL = 0.4;
const INTERACTIVE = 0.12;
const ENDINGS: readonly Ending[] = ['commit', 'commit', 'commit', 'roll back', 'abandon'];
const WORDS: readonly Durability[] = ['local', 'local', 'quorum', 'all'];
/** What may never be reached is not waited for for long. */
const TIMEOUTS_MS = [100, 500, 2000];

/** A level of durability, and how long it is waited for. */
export function drawDurability(prng: Prng, ids: readonly string[]) {
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const names = () => ids.filter(() => prng.chance(0.4));
  const draw = (): Durability => {
    if (prng.chance(0.6)) return one(WORDS);
    return prng.chance(0.5) ? prng.between(1, ids.length) : [one(ids), ...names()];
  };
  return { durability: draw(), timeoutMs: one(TIMEOUTS_MS) };
}

export function drawWriting(prng: Prng, ids: readonly string[], id: string | null): Writing {
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const level = prng.chance(AT_A_LEVEL) ? drawDurability(prng, ids) : {};
  const ending = prng.chance(INTERACTIVE) ? one(ENDINGS) : null;
  return { options: { ...(id === null ? {} : { id }), ...level }, ending };
}

/** Whether docs/writes.md allows that a failover discards it after it was acknowledged: a majority of other voters may be less. */
export function mayBeDiscarded(durability: Durability, { voters, faults }: Plan): boolean {
  if (durability === 'quorum' || durability === 'all') return false;
  return faults.has('membership') || mayBeLost(durability, voters);
}

export function describeWriting({ options, ending }: Writing): string {
  const { id, durability } = options;
  return [
    id ?? 'unnamed',
    ...(durability === undefined ? [] : [`durability ${durability}`]),
    ...(ending === null ? [] : [`transaction: ${ending}`]),
  ].join(', ');
}
