import type { PrepareOptions, ReadLevel, ReadOptions } from '../../src/api/read-options.ts';
import type { QueryResult, Statement } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import type { Prng } from '../../src/base/prng.ts';
import { later } from './client-token.ts';
import type { MemberProcess } from './member.ts';

/** How one read is asked. */
export interface Reading {
  readonly options: ReadOptions & { readonly level: ReadLevel };
  /** By a prepared statement, on the calling thread. */
  readonly inPlace: boolean;
}

/** Each as often as it is here. */
const LEVELS: readonly ReadLevel[] = [
  ...(['strong', 'strong', 'strong', 'session', 'session', 'session'] as const),
  ...(['bounded', 'bounded', 'eventual', 'eventual'] as const),
];
const LAGS_MS = [0, 50, 300, 2000];
const LAGS_ENTRIES = [0, 3, 20];
const TIMEOUTS_MS = [20, 300, 1000];
/** Shares of the reads that may be made so. */
const IN_PLACE = 0.25;
const FORWARDED = 0.15;
const IMPATIENT = 0.3;
const BY_THE_TOKEN_OF_ANOTHER = 0.2;
/** The simulator has one thread, which must not stand still: what is not there at once fails. */
const AT_ONCE_MS = Number.MIN_VALUE;

/** `own`: the client's token, `others`: one that another client has handed to it. */
export function drawReading(prng: Prng, own: string | null, others: string | null): Reading {
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const level = one(LEVELS);
  const inPlace = (level === 'session' || level === 'eventual') && prng.chance(IN_PLACE);
  const handed = others !== null && prng.chance(BY_THE_TOKEN_OF_ANOTHER) ? others : null;
  const needed = level === 'session' ? own : null;
  const after = handed === null ? needed : later(needed, handed);
  const timeoutMs = inPlace ? AT_ONCE_MS : prng.chance(IMPATIENT) ? one(TIMEOUTS_MS) : null;
  const options = {
    level,
    ...(level === 'bounded' ? drawBounds(prng, one) : {}),
    ...(after === null ? {} : { after }),
    ...(timeoutMs === null ? {} : { timeoutMs }),
    ...(!inPlace && prng.chance(FORWARDED) ? { forward: true } : {}),
  };
  return { options, inPlace };
}

function drawBounds(prng: Prng, one: (of: readonly number[]) => number): ReadOptions {
  const byEntries = prng.chance(0.4);
  const byTime = !byEntries || prng.chance(0.3);
  return {
    ...(byTime ? { maxLagMs: one(LAGS_MS) } : {}),
    ...(byEntries ? { maxLagEntries: one(LAGS_ENTRIES) } : {}),
  };
}

export async function query(
  { handle }: MemberProcess,
  { sql, args }: Statement,
  { options, inPlace }: Reading,
): Promise<QueryResult> {
  if (!inPlace) return handle.query(sql, args, options);
  const { level, after, timeoutMs } = options;
  const given = { level, timeoutMs, ...(after === undefined ? {} : { after }) } as PrepareOptions;
  const rows = handle
    .prepare(sql, given)
    .raw()
    .all(...(args as readonly SqlValue[]));
  return { columns: [], rows };
}

export function describeReading({ options, inPlace }: Reading): string {
  const { level, maxLagMs, maxLagEntries, after, forward } = options;
  return [
    level,
    ...(maxLagMs === undefined ? [] : [`${maxLagMs} ms`]),
    ...(maxLagEntries === undefined ? [] : [`${maxLagEntries} entries`]),
    ...(after === undefined ? [] : [`after ${after}`]),
    ...(forward === true ? ['forward'] : []),
    ...(inPlace ? ['in place'] : []),
  ].join(', ');
}
