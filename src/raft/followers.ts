import type { MemberId } from './entry.ts';
import { Progress } from './progress.ts';
import type { Leadership, RaftState } from './state.ts';

/**
 * Brings the set of followers in line with the membership in force. `paused`: nothing is sent to
 * new ones before something is heard from them, or the first entry of the term is proposed.
 */
export function alignFollowers(state: RaftState, leading: Leadership, paused: boolean): void {
  const before = leading.progress;
  const after = new Map<MemberId, Progress>();
  for (const { id } of state.memberships.current) {
    if (id === state.config.id) continue;
    const known = before.get(id);
    const progress = known ?? new Progress(state.log.lastIndex + 1, state.config);
    if (known === undefined) progress.paused = paused;
    after.set(id, progress);
  }
  leading.progress = after;
  if (leading.transfer !== null && !after.has(leading.transfer.to)) leading.transfer = null;
}
