import type { ReadOptions } from '../../src/api/read-options.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { Reading } from './reading.ts';

/**
 * How several reads of one state are made: in a snapshot by queries, or in place; in a snapshot on a thread of its own; in a
 * read transaction that is opened, or is a function; row by row, in place; or a single read on a thread of its own.
 */
export type HoldingKind =
  | 'snapshot'
  | 'snapshot in place'
  | 'snapshot in a thread'
  | 'read transaction'
  | 'read function'
  | 'row by row'
  | 'thread';

export interface Holding {
  readonly kind: HoldingKind;
  readonly options: Reading['options'];
  /** Further objects that are read in the same state. */
  readonly more: number;
  /** Between two reads. */
  readonly thoughtMsMax: number;
  readonly lifetimeMs: number;
  readonly retries: number;
}

const KINDS: readonly HoldingKind[] = [
  ...(['snapshot', 'snapshot', 'snapshot in place', 'snapshot in a thread'] as const),
  ...(['read transaction', 'read function', 'row by row', 'thread'] as const),
];
const THOUGHTS_MS = [0, 10, 100, 1000];
const LIFETIMES_MS = [60, 300, 4000];

/** `reading`: what the state must have, as for a read by a promise. */
export function drawHolding(prng: Prng, { options, inPlace }: Reading): Holding {
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const drawn = one(KINDS);
  // What is read in place is drawn with all that belongs to it.
  const kind = inPlace ? 'row by row' : drawn === 'row by row' ? 'snapshot' : drawn;
  const { forward: _, ...given } = options;
  return {
    ...{
      kind,
      options: given,
      more: kind === 'thread' || kind === 'row by row' ? 0 : prng.between(0, 3),
    },
    ...{ thoughtMsMax: one(THOUGHTS_MS), lifetimeMs: one(LIFETIMES_MS), retries: one([0, 2]) },
  };
}

/** As `query`, `snapshot` and `transaction` take them. */
export function optionsOf({ kind, options }: Holding): ReadOptions {
  return kind === 'snapshot in a thread' || kind === 'thread'
    ? { ...options, worker: true }
    : options;
}
