import { must } from '../base/assert.ts';
import type { MemberId } from './entry.ts';
import { bytesOf } from './log.ts';
import type { Progress } from './progress.ts';
import { addressed, type RaftState } from './state.ts';

/**
 * Tells everyone that we lead. The commit index goes no further than what the follower is known to
 * have: without a check of its log, more could commit entries that differ from ours.
 */
export function sendHeartbeats(state: RaftState): void {
  const { leading } = state;
  if (leading === null || !leading.termDurable) return;
  leading.heartbeatElapsed = 0;
  const { round } = leading.reads;
  for (const [id, progress] of leading.progress) {
    const commit = Math.min(progress.match, state.commit);
    const to = addressed(state, id);
    state.outbox.messages.push({ type: 'heartbeat-request', ...to, commit, round });
  }
}

type Due = 'nothing' | 'append' | 'snapshot';

function due(state: RaftState, progress: Progress): Due {
  if (progress.state === 'snapshot')
    return progress.snapshotTicks === null ? 'snapshot' : 'nothing';
  if (!wantsAppend(state, progress)) return 'nothing';
  return progress.next <= state.log.base.index ? 'snapshot' : 'append';
}

function wantsAppend(state: RaftState, progress: Progress): boolean {
  if (progress.state === 'probe') return !progress.paused;
  if (progress.nudge) return true;
  if (progress.next <= state.log.lastIndex && !progress.full) return true;
  return state.commitNewsDue && Math.min(state.commit, progress.next - 1) > progress.commitSent;
}

/** Whether `sendAppends` would send anything. */
export function appendsAreDue(state: RaftState): boolean {
  const { leading } = state;
  if (leading === null || !leading.termDurable) return false;
  for (const progress of leading.progress.values()) {
    if (due(state, progress) !== 'nothing') return true;
  }
  return false;
}

/**
 * Sends every follower all that its window has room for, and the commit index if it does not know
 * it.
 */
export function sendAppends(state: RaftState): void {
  const { leading } = state;
  if (leading === null || !leading.termDurable) return;
  for (const [id, progress] of leading.progress) {
    for (let next = due(state, progress); next !== 'nothing'; next = due(state, progress)) {
      if (next === 'append') sendAppend(state, id, progress);
      else sendSnapshotRequest(state, id, progress);
    }
  }
}

function sendAppend(state: RaftState, to: MemberId, progress: Progress): void {
  const { log, commit } = state;
  const index = progress.next - 1;
  const room = progress.next <= log.lastIndex && !progress.full;
  const entries = room
    ? log.entries(progress.next, log.lastIndex, state.config.appendBytesMax)
    : [];
  const previous = { term: must(log.term(index), `term of ${index}`), index };
  const last = index + entries.length;
  progress.sent(last, bytesOf(entries), Math.min(commit, last));
  const { from, term } = addressed(state, to);
  const type = 'append-request';
  state.outbox.messages.push({ type, from, to, term, previous, commit, entries });
}

/** The follower needs entries that our log no longer has. */
function sendSnapshotRequest(state: RaftState, to: MemberId, progress: Progress): void {
  if (progress.state !== 'snapshot') progress.snapshot();
  progress.snapshotTicks = 0;
  state.outbox.messages.push({
    type: 'snapshot-request',
    ...addressed(state, to),
    snapshot: state.log.base,
    membership: state.log.baseMembership,
  });
}
