import { assert } from '../base/assert.ts';
import type { EntryId, Index, MemberId } from './entry.ts';
import { isVoter } from './membership.ts';
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
  const reached: Index[] = [];
  for (const { id, voter } of current)
    if (voter) reached.push(id === state.config.id ? state.log.durable : matchOf(leading, id));
  const index = quorumValue(reached);
  if (index <= state.commit || state.log.term(index) !== state.term) return;
  assert(index <= state.log.lastIndex, 'a commit index past the log');
  state.commit = index;
  state.memberships.committed(index);
  const removed = !isVoter(current, state.config.id) && state.memberships.index <= index;
  if (removed) retireRemovedLeader(state, leading);
}

function matchOf({ progress }: Leadership, id: MemberId): Index {
  return progress.get(id)?.match ?? 0;
}

/** Our own disk has everything up to `id`. */
export function onDurable(state: RaftState, id: EntryId): void {
  state.log.markDurable(id);
  const { leading } = state;
  if (leading === null) return;
  if (id.term === state.term) leading.termDurable = true;
  advanceCommit(state, leading);
}
