import { assert } from '../../src/base/assert.ts';
import { Prng } from '../../src/base/prng.ts';

/** What can be done to the members' processes and files. */
export const MEMBER_FAULTS = [
  'kill-leader',
  'kill-follower',
  'kill-all',
  'kill-again-and-again',
  'pause-leader',
  'pause-follower',
  'restart-with-other-options',
] as const;

/** What can be done to the way between them. */
export const NETWORK_FAULTS = ['cut', 'cut-off-leader', 'one-way-cut', 'slow-link'] as const;

/** What members survive one at a time, with the others whole: nothing else happens meanwhile. */
export const LONE_FAULTS = [
  'full-disk',
  'damage-log-tail',
  'damage-database',
  'empty-directory',
] as const;

export const FAULT_KINDS = [...MEMBER_FAULTS, ...NETWORK_FAULTS, ...LONE_FAULTS] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** One step of a nemesis: a fault, or two at once. */
export interface Step {
  readonly kinds: readonly FaultKind[];
  /** Decides everything else about the step: how long, whom, which shape. */
  readonly seed: number;
}

/** After every kind came once alone, so often two come at once. */
const PAIR_CHANCE = 0.5;

/** Steps without end: each of `kinds` once in shuffled order, then again in another one, with pairs. */
export function* schedule(seed: number, kinds: readonly FaultKind[]): Generator<Step, never> {
  assert(kinds.length > 0, 'a schedule of nothing');
  const prng = new Prng(seed);
  for (let deal = 0; ; deal++) {
    for (const kind of shuffled(kinds, prng)) {
      const second = deal > 0 && prng.chance(PAIR_CHANCE) ? partnerOf(kind, kinds, prng) : null;
      yield { kinds: second === null ? [kind] : [kind, second], seed: prng.next() };
    }
  }
}

/** One of the other sort: processes fail while the network does. */
function partnerOf(kind: FaultKind, kinds: readonly FaultKind[], prng: Prng): FaultKind | null {
  if (isOneOf(LONE_FAULTS, kind)) return null;
  const others = isOneOf(NETWORK_FAULTS, kind) ? MEMBER_FAULTS : NETWORK_FAULTS;
  const partners = others.filter((other) => kinds.includes(other));
  return partners.length === 0 ? null : pick(partners, prng);
}

function isOneOf(kinds: readonly FaultKind[], kind: FaultKind): boolean {
  return kinds.includes(kind);
}

export function pick<T>(items: readonly T[], prng: Prng): T {
  return items[prng.between(0, items.length - 1)]!;
}

export function shuffled<T>(items: readonly T[], prng: Prng): T[] {
  const left = [...items];
  return items.map(() => left.splice(prng.between(0, left.length - 1), 1)[0]!);
}
