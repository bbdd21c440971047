import type { MemberId, Membership } from '../raft/entry.ts';

/** A member that refused, fell silent or went away is not asked again for so long. */
const PASS_OVER_MS = 1_000;

/** All other members in the order in which they are to be asked: the leader last, it has enough to do. */
export function sendersInOrder(
  membership: Membership,
  self: MemberId,
  leader: MemberId,
): readonly MemberId[] {
  const followers = membership.map(({ id }) => id).filter((id) => id !== self && id !== leader);
  return leader === self ? followers : [...followers, leader];
}

/** Decides who is asked next for a snapshot. Each of them knows best whether it can give one. */
export class SnapshotSources {
  readonly #passedOverUntilMs = new Map<MemberId, number>();
  /** How often a member's snapshot turned out to be of no use. */
  readonly #bad = new Map<MemberId, number>();

  /** Of those that can be asked, the preferred one first; null: nobody now. Bad ones come last, since others may be no better. */
  next(able: readonly MemberId[], nowMs: number): MemberId | null {
    const bad = (id: MemberId) => this.#bad.get(id) ?? 0;
    const inOrder = [...able].sort((a, b) => bad(a) - bad(b));
    return inOrder.find((id) => (this.#passedOverUntilMs.get(id) ?? 0) <= nowMs) ?? null;
  }

  passOver(id: MemberId, nowMs: number): void {
    this.#passedOverUntilMs.set(id, nowMs + PASS_OVER_MS);
  }

  wasBad(id: MemberId): void {
    this.#bad.set(id, (this.#bad.get(id) ?? 0) + 1);
  }
}
