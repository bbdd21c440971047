import { assert } from '../base/assert.ts';
import type { EntryId } from './entry.ts';
import { isVoter, votersOf } from './membership.ts';
import { quorumValue } from './quorum.ts';
import type { Leadership, RaftState } from './state.ts';
import { retireRemovedLeader } from './transfer.ts';

/**
 * Commits what a majority of the voters has on disk, ourselves included as far as our own disk is,
 * and only through an entry of the own term: older ones could still be overwritten (3.6.2, figure
 * 3.7).
 */
export function advanceCommit(state: RaftState, leading: Leadership): void {
  const { current } = state.memberships;
  const reached = votersOf(current).map((id) =>
    id === state.config.id ? state.log.durable : (leading.progress.get(id)?.match ?? 0),
  );
  const index = quorumValue(reached);
  if (index <= state.commit || state.log.term(index) !== state.term) return;
  assert(index <= state.log.lastIndex, `commit ${index} is past the log`);
  state.commit = index;
  state.memberships.committed(index);
  const removed = !isVoter(current, state.config.id) && state.memberships.index <= index;
  if (removed) retireRemovedLeader(state, leading);
}

/** Our own disk has everything up to `id`. */
export function onDurable(state: RaftState, id: EntryId): void {
  state.log.markDurable(id);
  const { leading } = state;
  if (leading === null) return;
  if (id.term === state.term) leading.termDurable = true;
  advanceCommit(state, leading);
}
