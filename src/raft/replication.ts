import { assert } from '../base/assert.ts';
import { advanceCommit } from './commit.ts';
import type { Entry } from './entry.ts';
import { alignFollowers } from './followers.ts';
import { checkNextMembership, illegal } from './membership.ts';
import type { AppendResponse } from './message.ts';
import { type Leadership, ownTermCommitted, type RaftState } from './state.ts';
import { continueTransfer } from './transfer.ts';

/** Throws unless this leader may append a change to `next` now (dissertation 4.1). */
export function checkMembershipChange(state: RaftState, next: Entry['membership']): void {
  if (next === null) return;
  if (state.memberships.index > state.commit) {
    throw illegal('the previous change is not committed yet; wait for it and try again');
  }
  // Without this, two leaders could commit changes that do not overlap: the correction of 4.1.
  if (!ownTermCommitted(state)) {
    throw illegal('the leader has not committed an entry of its term yet; try again');
  }
  checkNextMembership(state.memberships.current, next);
}

export function propose(state: RaftState, leading: Leadership, entry: Entry): void {
  assert(entry.term === state.term, `an entry of term ${entry.term} in term ${state.term}`);
  assert(entry.index === state.log.lastIndex + 1, `I6: entry ${entry.index} is not the next`);
  checkMembershipChange(state, entry.membership);
  const firstOfTerm = state.log.last.term !== state.term;
  state.log.append([entry]);
  if (firstOfTerm) for (const progress of leading.progress.values()) progress.paused = false;
  if (entry.membership === null) return;
  state.memberships.append([entry]);
  alignFollowers(state, leading, false);
  advanceCommit(state, leading);
}

export function onAppendResponse(state: RaftState, response: AppendResponse): void {
  const { leading, log } = state;
  const progress = leading?.progress.get(response.from);
  if (leading === null || progress === undefined) return;
  progress.silentTicks = 0;
  if (response.accepted) {
    assert(response.match <= log.lastIndex, `${response.from} has more than its leader`);
    progress.acknowledge(response.match, log.base.index);
    advanceCommit(state, leading);
    if (state.leading !== null) continueTransfer(state, leading, response.from);
  } else {
    const { rejected, hint } = response;
    progress.reject(rejected, log.lastWithTermUpTo(hint.index, hint.term));
  }
}
