import { PacelineError } from '../base/errors.ts';
import { startElection } from './election.ts';
import type { MemberId } from './entry.ts';
import { isVoter, votersOf } from './membership.ts';
import type { TimeoutNow } from './message.ts';
import { becomeFollower } from './role.ts';
import { sendAppends } from './send.ts';
import { addressed, isElectable, type Leadership, type RaftState } from './state.ts';

/**
 * Hands leadership to `to`, null: to the voter that has most of our log (dissertation 3.10). No
 * proposals until it is done or given up; another call meanwhile changes the target.
 * Throws NOT_LEADER, or REQUEST_INVALID when there is nobody to hand it to.
 */
export function transferLeadership(state: RaftState, to: MemberId | null): void {
  const { leading } = state;
  if (leading === null) {
    throw new PacelineError('NOT_LEADER', 'Only the leader can hand leadership over; ask it.');
  }
  const target = to ?? mostUpToDate(state, leading);
  if (
    target === null ||
    target === state.config.id ||
    !isVoter(state.memberships.current, target)
  ) {
    const whom = target === null ? 'there is no other voter' : `${target} is not another voter`;
    throw new PacelineError('REQUEST_INVALID', `Leadership cannot be handed over: ${whom}.`);
  }
  leading.transfer = { to: target, ticks: 0 };
  leading.handedOver = true;
  continueTransfer(state, leading, target);
}

/** Highest match; among equals the one heard last, then the lowest id. */
function mostUpToDate(state: RaftState, leading: Leadership): MemberId | null {
  let best: MemberId | null = null;
  for (const id of votersOf(state.memberships.current)) {
    const one = leading.progress.get(id);
    if (one === undefined) continue;
    const than = best === null ? undefined : leading.progress.get(best);
    const better =
      than === undefined ||
      one.match > than.match ||
      (one.match === than.match && one.silentTicks < than.silentTicks);
    if (better) best = id;
  }
  return best;
}

/** Something was heard from `from`: once the target has all of our log, it shall campaign. */
export function continueTransfer(state: RaftState, leading: Leadership, from: MemberId): void {
  if (leading.transfer?.to !== from) return;
  if (leading.progress.get(from)?.match !== state.log.lastIndex) return;
  state.outbox.messages.push({ type: 'timeout-now', ...addressed(state, from) });
}

/**
 * Given up after an election timeout: by then the target would lead, and writes have waited long
 * enough.
 */
export function tickTransfer(state: RaftState, leading: Leadership): void {
  if (leading.transfer === null) return;
  leading.transfer.ticks += 1;
  if (leading.transfer.ticks >= state.config.electionTicks) leading.transfer = null;
}

/**
 * The leader orders us to take over. Without a pre-vote: the others still hear it, and would
 * refuse.
 */
export function onTimeoutNow(state: RaftState, _order: TimeoutNow): void {
  if (state.role === 'leader' || !isElectable(state)) return;
  startElection(state, true);
}

/**
 * The change that removed this leader is committed (dissertation 4.2.2): it tells the others so,
 * asks the best of them to take over at once, and steps down.
 */
export function retireRemovedLeader(state: RaftState, leading: Leadership): void {
  sendAppends(state);
  const heir = mostUpToDate(state, leading);
  if (heir !== null) state.outbox.messages.push({ type: 'timeout-now', ...addressed(state, heir) });
  becomeFollower(state, state.term, null);
}
