import { assert } from '../base/assert.ts';
import { acknowledge } from './append.ts';
import type { EntryId, Membership } from './entry.ts';
import type { SnapshotRequest } from './message.ts';
import { followLeader } from './role.ts';
import type { RaftState } from './state.ts';

/** Whether a snapshot at `id`, which is a committed position, has anything that our log lacks. */
export function needsSnapshot(state: RaftState, id: EntryId): boolean {
  return id.index > state.commit && !state.log.has(id);
}

export function onSnapshotRequest(state: RaftState, request: SnapshotRequest): void {
  const { from, snapshot, membership } = request;
  followLeader(state, from);
  if (needsSnapshot(state, snapshot)) {
    state.outbox.snapshotNeed = { from, snapshot, membership };
  } else {
    // Entries may follow it here that others count on (I4): they stay, and the leader goes on from
    // it.
    acknowledge(state, from, Math.max(snapshot.index, state.commit));
  }
}

/** A snapshot was installed, and the log store begins after it. */
export function onRestored(state: RaftState, id: EntryId, membership: Membership): void {
  const { base } = state.log;
  assert(state.role !== 'leader', 'a leader has every committed entry and needs no snapshot');
  assert(
    base.index === id.index && base.term === id.term,
    'the store was not reset to the snapshot',
  );
  assert(
    id.index >= state.commit,
    `a snapshot at ${id.index} would undo the commit ${state.commit}`,
  );
  // Acknowledgements not yet taken speak of a log that is gone.
  const { outbox } = state;
  outbox.afterDurable = outbox.afterDurable.filter((m) => m.type !== 'append-response');
  outbox.snapshotNeed = null;
  state.log.reset();
  state.memberships.reset(id.index, membership);
  state.commit = id.index;
  if (state.leader !== null) acknowledge(state, state.leader, state.log.lastIndex);
}
