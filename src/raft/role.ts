import { assert } from '../base/assert.ts';
import type { MemberId, Term } from './entry.ts';
import { alignFollowers } from './followers.ts';
import { failAskedReads, failLedReads } from './read-index.ts';
import { isElectable, type RaftState } from './state.ts';

/** Follows `leader` (null: unknown) in `term`. Ends whatever role there was. */
export function becomeFollower(state: RaftState, term: Term, leader: MemberId | null): void {
  assert(term >= state.term, `term would go back from ${state.term} to ${term}`);
  if (term > state.term) {
    state.term = term;
    state.vote = null;
  }
  if (state.leading !== null) {
    failLedReads(state, state.leading);
    state.leading = null;
    restartElectionTimer(state);
  }
  state.role = 'follower';
  state.votes.clear();
  setLeader(state, leader);
}

/** Asks around whether a campaign would succeed, before it disturbs anyone (dissertation 9.6). */
export function becomePreCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign');
  startCampaign(state, 'pre-candidate');
}

export function becomeCandidate(state: RaftState): void {
  assert(state.role !== 'leader', 'a leader does not campaign');
  state.term += 1;
  state.vote = state.config.id;
  startCampaign(state, 'candidate');
}

function startCampaign(state: RaftState, role: 'pre-candidate' | 'candidate'): void {
  assert(isElectable(state), 'this member may not campaign');
  state.role = role;
  setLeader(state, null);
  restartElectionTimer(state);
  state.votes = new Map([[state.config.id, true]]);
}

export function becomeLeader(state: RaftState, termDurable: boolean): void {
  assert(state.role === 'candidate', 'only a candidate wins an election');
  assert(state.vote === state.config.id, 'a leader voted for itself');
  state.role = 'leader';
  state.votes.clear();
  state.campaignIn = null;
  setLeader(state, state.config.id);
  const reads = { round: 0, waiting: [], rounds: [] };
  const progress = new Map();
  const news = { heartbeatElapsed: 0, termDurable, transfer: null, handedOver: false };
  state.leading = { progress, ...news, reads };
  // Heartbeats announce a new leader; its first append goes with its first entry.
  alignFollowers(state, state.leading, true);
}

/** A message that only a leader sends arrived: it leads this term, and it lives. */
export function followLeader(state: RaftState, leader: MemberId): void {
  assert(state.role !== 'leader', `I1: ${leader} leads term ${state.term}, and so do we`);
  assert(
    state.leader === null || state.leader === leader,
    `I1: ${state.leader} and ${leader} lead term ${state.term}`,
  );
  if (state.role !== 'follower' || state.leader !== leader) {
    becomeFollower(state, state.term, leader);
  }
  state.electionElapsed = 0;
  state.leaderSilentTicks = 0;
  state.campaignIn = null;
}

/** Reads asked of a former leader are lost with it. */
export function setLeader(state: RaftState, leader: MemberId | null): void {
  if (state.leader === leader) return;
  state.leader = leader;
  failAskedReads(state);
}

/** A new draw each time, so that voters that once tried together do not do so again (3.4). */
export function restartElectionTimer(state: RaftState): void {
  const { electionTicks, prng } = state.config;
  state.electionElapsed = 0;
  state.electionTimeout = prng.between(electionTicks, 2 * electionTicks - 1);
  state.campaignIn = null;
}
