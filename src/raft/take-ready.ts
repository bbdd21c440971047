import type { HardState } from './entry.ts';
import { readsAreDue, sendReadRequest, startReadRound } from './read-index.ts';
import type { Ready } from './ready.ts';
import { appendsAreDue, sendAppends } from './send.ts';
import type { RaftState } from './state.ts';

export function hasReady(state: RaftState): boolean {
  const { outbox } = state;
  return (
    outbox.messages.length > 0 ||
    outbox.afterDurable.length > 0 ||
    outbox.readStates.length > 0 ||
    outbox.readsFailed.length > 0 ||
    outbox.snapshotNeed !== null ||
    outbox.commit !== state.commit ||
    outbox.role !== state.role ||
    outbox.leader !== state.leader ||
    state.log.hasChange ||
    hardStateIsDue(state) ||
    readsAreDue(state) ||
    appendsAreDue(state)
  );
}

/**
 * Everything that has come up since the last call. Entries leave for the followers and for our own
 * disk at once.
 */
export function takeReady(state: RaftState): Ready {
  const { outbox } = state;
  if (readsAreDue(state)) {
    if (state.leading !== null) startReadRound(state, state.leading);
    else sendReadRequest(state);
  }
  sendAppends(state);
  state.commitNewsDue = !state.config.delayCommitNews;
  const hardState = takeHardState(state);
  const { truncateFrom, entries } = state.log.take();
  const ready: Ready = {
    hardState,
    truncateFrom,
    entries,
    messages: outbox.messages,
    afterDurable: outbox.afterDurable,
    commit: state.commit,
    role: state.role,
    term: state.term,
    leader: state.leader,
    readStates: outbox.readStates,
    readsFailed: outbox.readsFailed,
    snapshotNeed: outbox.snapshotNeed,
  };
  clear(state);
  return ready;
}

function clear(state: RaftState): void {
  const { outbox } = state;
  outbox.messages = [];
  outbox.afterDurable = [];
  outbox.readStates = [];
  outbox.readsFailed = [];
  outbox.snapshotNeed = null;
  outbox.commit = state.commit;
  outbox.role = state.role;
  outbox.leader = state.leader;
}

function hardStateIsDue({ outbox, term, vote, commit }: RaftState): boolean {
  const { hardState, keepCommit } = outbox;
  if (keepCommit && hardState.commit < commit) return true;
  return hardState.term !== term || hardState.vote !== vote;
}

/**
 * Term and vote must be on disk before anyone hears of them. The commit index rides along, and is
 * written for its own sake only where `keepCommit` asked for that: else a restarted member learns it
 * from its leader's first messages.
 */
function takeHardState(state: RaftState): HardState | null {
  if (!hardStateIsDue(state)) return null;
  const { term, vote, commit } = state;
  state.outbox.keepCommit = false;
  state.outbox.hardState = { term, vote, commit };
  return state.outbox.hardState;
}
