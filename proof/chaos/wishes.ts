import { type Durability, mayBeLost } from '../../src/api/durability.ts';
import type { Prng } from '../../src/base/prng.ts';
import type { ReadLevel } from '../history/operation.ts';
import { type Defaults, waitsForMore } from './defaults.ts';
import type { Reading, ReadStyle, WriteStyle, Writing } from './ipc.ts';
import { LIMITS } from './limits.ts';
import { pick, shuffled } from './schedule.ts';

/** Of reads, so often. */
const LEVELS: readonly ReadLevel[] = [
  ...(['strong', 'strong', 'strong'] as const),
  ...(['session', 'session'] as const),
  ...(['bounded', 'eventual'] as const),
];

/** Of writes, so often; null: nothing is said. */
const DURABILITIES: readonly (Durability | 'number' | 'names' | null)[] = [
  ...([null, null, null, null, 'quorum', 'quorum'] as const),
  ...(['local', 'local'] as const),
  ...(['number', 'names', 'all'] as const),
];

const WRITE_STYLES: readonly WriteStyle[] = ['plain', 'transaction', 'deferred', 'function'];

/** A reading, but for the token that it may be given. */
export function drawReading(ofApplication: boolean, prng: Prng): Reading {
  const level = pick(LEVELS, prng);
  const style = ofApplication ? pick(stylesOf(level), prng) : 'query';
  if (level === 'bounded') {
    const entries = prng.chance(0.5);
    return entries
      ? { level, style, maxLagEntries: prng.between(0, LIMITS.maxLagEntries) }
      : { level, style, maxLagMs: LIMITS.maxLagMs };
  }
  const mayForward = style === 'query' && prng.chance(0.5);
  return mayForward ? { level, style, forward: true } : { level, style };
}

function stylesOf(level: ReadLevel): readonly ReadStyle[] {
  if (level === 'strong' || level === 'bounded') return ['query', 'snapshot'];
  // What a transaction reads was committed; more is not said of it.
  return level === 'eventual' ? ['query', 'in-place', 'transaction'] : ['query', 'in-place'];
}

export function drawWriting(
  ofApplication: boolean,
  members: readonly string[],
  defaults: Defaults,
  id: string,
  prng: Prng,
): Writing {
  const drawn = drawDurability(members, prng);
  const style = ofApplication ? pick(WRITE_STYLES, prng) : 'plain';
  // The function form tells no position, by which a discarded write could be found.
  const tellsLess = style === 'function' && (drawn === null || mayBeLost(drawn, members.length));
  const durability = tellsLess ? 'quorum' : drawn;
  const isWide = durability === null ? defaults.areWide : waitsForMore(durability);
  const timeoutMs = isWide ? LIMITS.wideTimeoutMs : LIMITS.operationTimeoutMs;
  return { style, id, durability, timeoutMs };
}

/** What waits for no other member than the leader. */
export function hasty(id: string, prng: Prng): { reading: Reading; writing: Writing } {
  const durability = prng.chance(0.5) ? 'local' : 1;
  return {
    reading: { level: 'eventual', style: 'query' },
    writing: { style: 'plain', id, durability, timeoutMs: LIMITS.hastyTimeoutMs },
  };
}

/** The call that most applications make: without an option, so also without an id to ask with. */
export function withoutOptions(writing: Writing): Writing {
  return { ...writing, style: 'plain', id: null, durability: null };
}

function drawDurability(members: readonly string[], prng: Prng): Durability | null {
  const drawn = pick(DURABILITIES, prng);
  if (drawn === 'number') return prng.between(1, members.length);
  if (drawn !== 'names') return drawn;
  return shuffled(members, prng).slice(0, prng.between(1, members.length - 1));
}
