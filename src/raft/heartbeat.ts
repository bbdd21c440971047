import { advanceFollowerCommit } from './append.ts';
import type { HeartbeatRequest, HeartbeatResponse } from './message.ts';
import { settleReads } from './read-index.ts';
import { followLeader } from './role.ts';
import { addressed, type RaftState } from './state.ts';
import { continueTransfer } from './transfer.ts';

/** The answer promises nothing about our disk, and so does not wait for it. */
export function onHeartbeatRequest(state: RaftState, request: HeartbeatRequest): void {
  followLeader(state, request.from);
  advanceFollowerCommit(state, Math.min(request.commit, state.log.lastIndex));
  const { round, from } = request;
  const { protectLeader, electionTicks } = state.config;
  const promiseTicks = protectLeader ? electionTicks : 0;
  const answer = { ...addressed(state, from), round, promiseTicks };
  state.outbox.messages.push({ type: 'heartbeat-response', ...answer });
}

export function onHeartbeatResponse(state: RaftState, response: HeartbeatResponse): void {
  const progress = state.leading?.progress.get(response.from);
  if (state.leading === null || progress === undefined) return;
  progress.silentTicks = 0;
  progress.heartbeatAnswered();
  progress.round = Math.max(progress.round, response.round);
  progress.promiseTicks = Math.min(progress.promiseTicks, response.promiseTicks);
  settleReads(state, state.leading);
  continueTransfer(state, state.leading, response.from);
}
