import { votersOf } from './membership.ts';
import { majority } from './quorum.ts';
import { becomeFollower } from './role.ts';
import { sendHeartbeats } from './send.ts';
import type { Leadership, RaftState } from './state.ts';
import { tickTransfer } from './transfer.ts';

/** One tick of a leader. */
export function tickLeader(state: RaftState, leading: Leadership): void {
  for (const progress of leading.progress.values()) {
    progress.tick();
  }
  if (!hearsQuorum(state, leading)) {
    becomeFollower(state, state.term, null);
    return;
  }
  tickTransfer(state, leading);
  leading.heartbeatElapsed += 1;
  if (leading.heartbeatElapsed >= state.config.heartbeatTicks) sendHeartbeats(state);
}

/**
 * Check-quorum (dissertation 6.2): a leader that a majority has not answered for an election
 * timeout may have been replaced. It steps down, so that clients look elsewhere.
 */
function hearsQuorum(state: RaftState, leading: Leadership): boolean {
  const voters = votersOf(state.memberships.current);
  const heard = voters.filter((id) => {
    if (id === state.config.id) return true;
    const silent = leading.progress.get(id)?.silentTicks ?? state.config.electionTicks;
    return silent < state.config.electionTicks;
  });
  return heard.length >= majority(voters.length);
}
