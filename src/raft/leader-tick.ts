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
  let voters = 0;
  let heard = 0;
  for (const { id, voter } of state.memberships.current) {
    if (!voter) continue;
    voters++;
    const own = id === state.config.id;
    const silentTicks = own ? 0 : leading.progress.get(id)?.silentTicks;
    if (silentTicks !== undefined && silentTicks < state.config.electionTicks) heard++;
  }
  return heard >= majority(voters);
}
