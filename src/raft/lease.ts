import { votersOf } from './membership.ts';
import { ownTermCommitted, type RaftState } from './state.ts';

/**
 * For how many ticks a round that is confirmed keeps every other member from leading: as long as the shortest promise lasts of
 * those that may have confirmed it, since not all need have the same election timeout. A member with another
 * one, or without leases, makes the leases of all shorter, not wrong (Ongaro's dissertation, 6.4.1).
 */
export function leaseTicks(state: RaftState): number {
  const { leading, config, memberships } = state;
  const { protectLeader, electionTicks, id: self } = config;
  if (!protectLeader || leading === null || leading.handedOver) return 0;
  if (!ownTermCommitted(state)) return 0;
  const others = votersOf(memberships.current).filter((id) => id !== self);
  const promises = others.map((id) => leading.progress.get(id)?.promiseTicks ?? 0);
  return Math.min(electionTicks, ...promises);
}
