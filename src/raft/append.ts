import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Entry, Index, Term } from './entry.ts';
import { ORIGIN } from './entry.ts';
import type { AppendRequest, Message } from './message.ts';
import { followLeader } from './role.ts';
import { addressed, type RaftState } from './state.ts';

/**
 * A follower accepts entries (dissertation 3.5). Repeated, late and reordered requests are
 * harmless: what is already here is skipped, and only a conflicting entry truncates.
 */
export function onAppendRequest(state: RaftState, request: AppendRequest): void {
  checkEntries(request);
  followLeader(state, request.from);
  if (matchesPrevious(state, request)) accept(state, request);
  else refuse(state, request);
}

function accept(state: RaftState, request: AppendRequest): void {
  const { previous, entries } = request;
  const last = previous.index + entries.length;
  const conflict = firstConflict(state, entries);
  if (conflict !== undefined) overwriteFrom(state, conflict);
  const fresh = entries.filter((entry) => entry.index > state.log.lastIndex);
  state.log.append(fresh);
  state.memberships.append(fresh);
  advanceFollowerCommit(state, Math.min(request.commit, last));
  // Up to the commit index our log is the leader's (I3), however little this request covered.
  acknowledge(state, request.from, Math.max(last, state.commit));
}

/** What no correct leader sends; throws RECORD_DAMAGED. */
function checkEntries(request: AppendRequest): void {
  let { index, term } = request.previous;
  for (const entry of request.entries) {
    const fits = entry.index === index + 1 && entry.term >= term && entry.term <= request.term;
    if (!fits) {
      const what = `entry ${entry.term}:${entry.index} behind ${term}:${index}`;
      throw new PacelineError('RECORD_DAMAGED', `append-request from ${request.from}: ${what}.`);
    }
    index = entry.index;
    term = entry.term;
  }
}

function matchesPrevious(state: RaftState, { previous, from }: AppendRequest): boolean {
  const term = state.log.term(previous.index);
  if (previous.index > state.commit) return term === previous.term;
  // Committed entries are in every leader's log (I3); those below our base are not here to compare.
  assert(term === undefined || term === previous.term, `I3: ${from} lacks ${previous.index}`);
  return true;
}

/** The first entry that differs from ours at its index. */
function firstConflict(state: RaftState, entries: readonly Entry[]): Index | undefined {
  return entries.find((entry) => {
    const term = state.log.term(entry.index);
    return term !== undefined && term !== entry.term;
  })?.index;
}

function overwriteFrom(state: RaftState, from: Index): void {
  assert(from > state.commit, `I3: a committed entry would be truncated at ${from}`);
  state.log.truncate(from);
  state.memberships.truncate(from);
}

export function advanceFollowerCommit(state: RaftState, commit: Index): void {
  if (commit <= state.commit) return;
  assert(commit <= state.log.lastIndex, `commit ${commit} is past the log`);
  state.commit = commit;
  state.memberships.committed(commit);
}

/** After our disk has it (I4): everything appended so far is written before. */
export function acknowledge(state: RaftState, to: string, match: Index): void {
  assert(match <= state.log.lastIndex, `acknowledging ${match}, past the log`);
  const { from, term } = addressed(state, to);
  const type = 'append-response';
  const [accepted, rejected, hint] = [true, 0, ORIGIN];
  state.outbox.afterDurable.push({ type, from, to, term, accepted, match, rejected, hint });
}

/** The hint skips all our entries of later terms than `previous`: none of them can match (3.5). */
function refuse(state: RaftState, request: AppendRequest): void {
  const { previous, from } = request;
  const index = state.log.lastWithTermUpTo(previous.index - 1, previous.term);
  assert(index >= state.commit, 'the hint is below the commit index');
  const hint = { index, term: state.log.term(index) as Term };
  state.outbox.afterDurable.push({
    type: 'append-response',
    ...addressed(state, from),
    accepted: false,
    match: 0,
    rejected: previous.index,
    hint,
  });
}

/** A leader of a past term learns ours from any refusal, and steps down. */
export function refuseStaleLeader(state: RaftState, request: Message): void {
  const rejected = request.type === 'append-request' ? request.previous.index : 0;
  state.outbox.messages.push({
    type: 'append-response',
    ...addressed(state, request.from),
    accepted: false,
    match: 0,
    rejected,
    hint: ORIGIN,
  });
}
