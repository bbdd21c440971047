import type { ByteReader, ByteWriter } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';

/**
 * On whose disks a write must be, synced, before it is acknowledged; but for `quorum` the leader's is one of them.
 * - `local`: the leader's alone. A failover may discard the write: it is saved, and reported (I10).
 * - `quorum`: a majority of the voters. No failover discards it.
 * - `all`: every voter.
 * - a number: so many members, the leader included; below a majority a failover may discard it.
 * - names: each of these members, and the leader.
 */
export type Durability = 'local' | 'quorum' | 'all' | number | readonly string[];

/** What is known of a write at the moment when it was acknowledged; it may have reached more. */
export interface Reached {
  /** On a majority: no failover discards it. */
  readonly committed: boolean;
  /**
   * Members that are known to have it on disk; null where that was not counted: a write without a `durability` of its own
   * on the member that leads waits for a majority, whichever that is.
   */
  readonly members: readonly string[] | null;
}

/** A write's promise kept in the usual way. */
export const REACHED_QUORUM: Reached = Object.freeze({ committed: true, members: null });

const WORDS = ['local', 'quorum', 'all'] as const;
const COUNT = 3;
const NAMES = 4;

/** Checks what came from outside. `members` are those of the cluster. Throws REQUEST_INVALID. */
export function checkDurability(
  durability: unknown,
  members: readonly string[],
): asserts durability is Durability {
  if (WORDS.some((word) => word === durability)) return;
  if (typeof durability === 'number') return checkCount(durability, members.length);
  if (!Array.isArray(durability) || durability.length === 0)
    throw invalid(`"local", "quorum", "all", a number or names of members, not ${durability}`);
  const stranger = durability.find((name) => !members.includes(name));
  if (stranger !== undefined)
    throw invalid(`of members of this cluster (${members.join(', ')}): there is no ${stranger}`);
}

function checkCount(count: number, members: number): void {
  if (!Number.isSafeInteger(count) || count < 1 || count > members)
    throw invalid(`a number from 1 to ${members}, as many as there are members, not ${count}`);
}

function invalid(what: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', `"durability" is ${what}`);
}

/** Whether a failover can discard a write that was acknowledged at this level. */
export function mayBeLost(durability: Durability, voters: number): boolean {
  if (durability === 'quorum' || durability === 'all') return false;
  return copiesAt(durability) <= voters / 2;
}

/** How many members have it at least; a name may be there twice. */
function copiesAt(durability: Exclude<Durability, 'quorum' | 'all'>): number {
  if (durability === 'local') return 1;
  return typeof durability === 'number' ? durability : new Set(durability).size;
}

export function writeDurability(w: ByteWriter, durability: Durability): ByteWriter {
  if (typeof durability === 'string') return w.u8(WORDS.indexOf(durability));
  if (typeof durability === 'number') return w.u8(COUNT).u32(durability);
  w.u8(NAMES).u32(durability.length);
  for (const name of durability) w.text(name);
  return w;
}

export function readDurability(r: ByteReader): Durability {
  const tag = r.u8();
  const word = WORDS[tag];
  if (word !== undefined) return word;
  if (tag === COUNT) return r.u32();
  if (tag !== NAMES) throw r.damaged(`unknown durability ${tag}`);
  return readNames(r);
}

export function writeReached(w: ByteWriter, { committed, members }: Reached): ByteWriter {
  w.u8(committed ? 1 : 0).u32(members?.length ?? 0);
  for (const name of members ?? []) w.text(name);
  return w;
}

export function readReached(r: ByteReader): Reached {
  return { committed: r.u8() === 1, members: readNames(r) };
}

function readNames(r: ByteReader): string[] {
  const count = r.u32();
  if (count > r.remaining) throw r.damaged(`${count} names cannot fit`);
  return Array.from({ length: count }, () => r.text());
}
