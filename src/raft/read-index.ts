import { assert } from '../base/assert.ts';
import { votersOf } from './membership.ts';
import type { ReadIndexRequest, ReadIndexResponse } from './message.ts';
import { quorumValue } from './quorum.ts';
import { sendHeartbeats } from './send.ts';
import {
  addressed,
  type Leadership,
  ownTermCommitted,
  type PendingRead,
  type RaftState,
} from './state.ts';

/**
 * A linearizable read (dissertation 6.4): gets a commit index that is current at some moment after
 * this call.
 */
export function readIndex(state: RaftState, context: number): void {
  const { asking, leading, outbox } = state;
  if (leading !== null) {
    if (ledCount(leading) < state.config.readsPendingMax) {
      leading.reads.waiting.push({ asker: null, context });
    } else outbox.readsFailed.push(context);
    return;
  }
  const full = askedCount(state) >= state.config.readsPendingMax;
  if (state.leader === null || full) outbox.readsFailed.push(context);
  else asking.waiting.push(context);
}

function ledCount({ reads }: Leadership): number {
  return reads.rounds.reduce((sum, round) => sum + round.reads.length, reads.waiting.length);
}

function askedCount({ asking }: RaftState): number {
  let count = asking.waiting.length;
  for (const { contexts } of asking.sent.values()) count += contexts.length;
  return count;
}

/**
 * Leader: another member asks for its readers. At the limit the request is dropped; the asker gives
 * up by itself.
 */
export function onReadIndexRequest(state: RaftState, request: ReadIndexRequest): void {
  const { leading } = state;
  if (leading === null || ledCount(leading) >= state.config.readsPendingMax) return;
  leading.reads.waiting.push({ asker: request.from, context: request.context });
}

/** Whether `startReadRound` would start one, or `sendReadRequest` would send one. */
export function readsAreDue(state: RaftState): boolean {
  const { leading } = state;
  if (leading === null) return state.asking.waiting.length > 0;
  const { waiting, rounds } = leading.reads;
  return (
    waiting.length > 0 && rounds.length < state.config.readRoundsMax && ownTermCommitted(state)
  );
}

/**
 * Leader: all reads that wait share one round of heartbeats. They may be served at the commit index
 * of now if a majority still follows us after now. Before an entry of the own term is committed,
 * the commit index may be behind what the previous leader committed.
 */
export function startReadRound(state: RaftState, leading: Leadership): void {
  const { reads } = leading;
  reads.round += 1;
  reads.rounds.push({ round: reads.round, index: state.commit, reads: reads.waiting });
  reads.waiting = [];
  sendHeartbeats(state);
  settleReads(state, leading);
}

/** Serves the rounds that a majority has answered; an answer to a round answers all before it. */
export function settleReads(state: RaftState, leading: Leadership): void {
  const { reads, progress } = leading;
  if (reads.rounds.length === 0) return;
  const answered = votersOf(state.memberships.current).map((id) =>
    id === state.config.id ? reads.round : (progress.get(id)?.round ?? 0),
  );
  const confirmed = quorumValue(answered);
  assert(confirmed <= reads.round, 'an answer to a round that was not started');
  while (reads.rounds.length > 0 && reads.rounds[0]!.round <= confirmed) {
    const { index, reads: served } = reads.rounds.shift()!;
    for (const read of served) serve(state, read, index);
  }
}

function serve(state: RaftState, { asker, context }: PendingRead, index: number): void {
  if (asker === null) state.outbox.readStates.push({ context, index });
  else {
    const to = addressed(state, asker);
    state.outbox.messages.push({ type: 'read-index-response', ...to, context, index });
  }
}

/** Follower: all contexts since the last request share the next one. */
export function sendReadRequest(state: RaftState): void {
  const { asking, leader, outbox } = state;
  assert(leader !== null && leader !== state.config.id, 'reads wait only while there is a leader');
  const context = asking.nextRequest;
  asking.nextRequest += 1;
  asking.sent.set(context, { contexts: asking.waiting, ticks: 0 });
  asking.waiting = [];
  outbox.messages.push({ type: 'read-index-request', ...addressed(state, leader), context });
}

export function onReadIndexResponse(state: RaftState, response: ReadIndexResponse): void {
  const request = state.asking.sent.get(response.context);
  if (request === undefined) return;
  state.asking.sent.delete(response.context);
  const { index } = response;
  for (const context of request.contexts) state.outbox.readStates.push({ context, index });
}

/** An answer that did not come within an election timeout is lost. */
export function tickAskedReads(state: RaftState): void {
  for (const [number, request] of state.asking.sent) {
    request.ticks += 1;
    if (request.ticks < state.config.electionTicks) continue;
    state.asking.sent.delete(number);
    state.outbox.readsFailed.push(...request.contexts);
  }
}

export function failAskedReads(state: RaftState): void {
  const { asking, outbox } = state;
  for (const { contexts } of asking.sent.values()) outbox.readsFailed.push(...contexts);
  outbox.readsFailed.push(...asking.waiting);
  asking.sent.clear();
  asking.waiting = [];
}

/**
 * Leadership ended: our own readers ask again; other members notice by the change of leader, or in
 * time.
 */
export function failLedReads(state: RaftState, { reads }: Leadership): void {
  const all = [...reads.rounds.flatMap((round) => round.reads), ...reads.waiting];
  for (const { asker, context } of all) {
    if (asker === null) state.outbox.readsFailed.push(context);
  }
  reads.rounds = [];
  reads.waiting = [];
}
