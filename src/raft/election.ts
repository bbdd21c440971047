import type { MemberId } from './entry.ts';
import { votersOf } from './membership.ts';
import type { VoteRequest, VoteResponse } from './message.ts';
import { voteResult } from './quorum.ts';
import {
  becomeCandidate,
  becomeFollower,
  becomeLeader,
  becomePreCandidate,
  restartElectionTimer,
  setLeader,
} from './role.ts';
import { sendHeartbeats } from './send.ts';
import { addressed, isElectable, type RaftState } from './state.ts';

/** Campaigns on one hint: together they last less than an election timeout. */
export const HINTED_TRIES_MAX = 8;

/** One tick of a member that does not lead. */
export function tickElection(state: RaftState): void {
  state.electionElapsed += 1;
  state.leaderSilentTicks += 1;
  if (!isElectable(state)) return;
  if (state.campaignIn !== null) state.campaignIn -= 1;
  const bound = isBound(state);
  const hinted = state.campaignIn !== null && state.campaignIn <= 0 && !bound;
  const timedOut = state.electionElapsed >= state.electionTimeout && !bound;
  // Nobody could refuse or be disturbed by a single voter: waiting would only delay the start.
  const alone = state.leader === null && isOnlyVoter(state);
  if (hinted) campaignOnHint(state);
  else if (timedOut || alone) campaign(state);
}

/**
 * Others may not have noticed yet what the hint was about, and refuse; or two followed the same hint and split the vote. So it is
 * tried again soon, a bounded number of times; after that the election timeout decides.
 */
function campaignOnHint(state: RaftState): void {
  const { prng, campaignRetryTicks } = state.config;
  const triesLeft = state.hintedTriesLeft - 1;
  campaign(state);
  if (state.leading !== null || triesLeft <= 0) return;
  state.hintedTriesLeft = triesLeft;
  state.campaignIn = prng.between(campaignRetryTicks, 2 * campaignRetryTicks);
}

/** Starts a pre-vote; the vote follows if a majority would grant it. */
export function campaign(state: RaftState): void {
  becomePreCandidate(state);
  requestVotes(state, false);
  countVotes(state);
}

/** The vote itself. `transfer`: ordered by the leader, so voters shall not protect it (4.2.3). */
export function startElection(state: RaftState, transfer: boolean): void {
  becomeCandidate(state);
  requestVotes(state, transfer);
  countVotes(state);
}

/**
 * A candidate's requests imply its vote for itself, so they wait until that is on disk; a pre-vote
 * promises nothing.
 */
function requestVotes(state: RaftState, transfer: boolean): void {
  const preVote = state.role === 'pre-candidate';
  const box = preVote ? state.outbox.messages : state.outbox.afterDurable;
  for (const to of votersOf(state.memberships.current)) {
    if (to === state.config.id) continue;
    const term = preVote ? state.term + 1 : state.term;
    const last = state.log.last;
    box.push({ type: 'vote-request', ...addressed(state, to), term, preVote, last, transfer });
  }
}

function countVotes(state: RaftState): void {
  const voters = votersOf(state.memberships.current);
  const result = voteResult(voters, state.votes);
  if (result === 'lost') becomeFollower(state, state.term, null);
  if (result !== 'won') return;
  if (state.role === 'pre-candidate') {
    startElection(state, false);
  } else {
    // Votes of others came in answer to requests that left after our own vote was on disk.
    becomeLeader(state, !isOnlyVoter(state));
    sendHeartbeats(state);
  }
}

function isOnlyVoter(state: RaftState): boolean {
  const voters = votersOf(state.memberships.current);
  return voters.length === 1 && voters[0] === state.config.id;
}

/**
 * Whether this member heard a leader within the minimum election timeout, or is one: then it
 * ignores candidates, so that a removed or cut-off member cannot depose a working leader (4.2.3).
 */
export function hearsLeader(state: RaftState): boolean {
  if (state.role === 'leader' || isBound(state)) return true;
  return state.leader !== null && state.electionElapsed < state.config.electionTicks;
}

/**
 * With `protectLeader`: whether a leader may count on us still. By the leader's last word, whatever became of the
 * connection with it since; after a start for as long as if it had come just before, and as long as what was promised before it.
 * Nobody else votes where there is one voter.
 */
function isBound(state: RaftState): boolean {
  const { protectLeader, electionTicks } = state.config;
  const promised = protectLeader && state.leaderSilentTicks < electionTicks;
  return (promised || state.promisedTicks > 0) && !isOnlyVoter(state);
}

/**
 * The request's term is ours, or higher for a pre-vote. Answered whatever our own membership says:
 * the candidate may know of a newer one that makes us a voter (4.1). It alone counts the votes.
 */
export function onVoteRequest(state: RaftState, request: VoteRequest): void {
  const { preVote, from, term } = request;
  const eligible = preVote ? term > state.term : mayVoteFor(state, from);
  if (!eligible || !state.log.isUpToDate(request.last)) {
    refuseVote(state, request);
    return;
  }
  const { outbox } = state;
  const answer = {
    type: 'vote-response',
    ...addressed(state, from),
    preVote,
    granted: true,
  } as const;
  if (preVote) {
    // No vote is spent and nothing promised; the answer names the term that was asked about.
    outbox.messages.push({ ...answer, term });
  } else {
    state.vote = from;
    restartElectionTimer(state);
    outbox.afterDurable.push(answer);
  }
}

/** One vote in a term (3.4), and none where the leader is already known. */
function mayVoteFor(state: RaftState, candidate: MemberId): boolean {
  return state.vote === candidate || (state.vote === null && state.leader === null);
}

/** Pre-vote or vote. The refusal carries our own term: the asker may have to catch up. */
export function refuseVote(state: RaftState, { from, preVote }: VoteRequest): void {
  const to = addressed(state, from);
  state.outbox.messages.push({ type: 'vote-response', ...to, preVote, granted: false });
}

export function onVoteResponse(state: RaftState, response: VoteResponse): void {
  const { preVote, granted, from } = response;
  if (state.role !== (preVote ? 'pre-candidate' : 'candidate')) return;
  const asked = preVote && granted ? state.term + 1 : state.term;
  if (response.term !== asked) return;
  // The first answer stands: a duplicate that differs can only be older.
  if (!state.votes.has(from)) state.votes.set(from, granted);
  countVotes(state);
}

/**
 * The connection to the leader closed. The remaining voters try one after the other in the order of
 * their ids, so that two do not split the vote; those that still hear the leader refuse.
 */
export function onLeaderGone(state: RaftState, gone: MemberId): void {
  setLeader(state, null);
  if (!isElectable(state)) return;
  const remaining = votersOf(state.memberships.current).filter((id) => id !== gone);
  const place = remaining.indexOf(state.config.id);
  const rank = place >= 0 ? place : remaining.length;
  state.hintedTriesLeft = HINTED_TRIES_MAX;
  if (rank === 0 && !isBound(state)) campaignOnHint(state);
  else state.campaignIn = rank * state.config.campaignDelayTicks;
}
