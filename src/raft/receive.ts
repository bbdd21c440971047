import { unreachable } from '../base/assert.ts';
import { onAppendRequest, refuseStaleLeader } from './append.ts';
import { hearsLeader, onVoteRequest, onVoteResponse, refuseVote } from './election.ts';
import { onHeartbeatRequest, onHeartbeatResponse } from './heartbeat.ts';
import type { Message } from './message.ts';
import { onReadIndexRequest, onReadIndexResponse } from './read-index.ts';
import { onAppendResponse } from './replication.ts';
import { becomeFollower } from './role.ts';
import { onSnapshotRequest } from './snapshot.ts';
import type { RaftState } from './state.ts';
import { onTimeoutNow } from './transfer.ts';

/** Compares terms first (dissertation 3.3), then hands the message to the rule for its type. */
export function receive(state: RaftState, message: Message): void {
  if (message.to !== state.config.id || message.from === state.config.id) return;
  if (message.term > state.term) {
    if (disturbs(state, message)) return;
    if (!isAboutPreVote(message)) becomeFollower(state, message.term, null);
  }
  if (message.term < state.term) answerStale(state, message);
  else dispatch(state, message);
}

/** A candidate that the leader we hear did not send (4.2.3). */
function disturbs(state: RaftState, message: Message): boolean {
  return message.type === 'vote-request' && !message.transfer && hearsLeader(state);
}

/** These carry a term that nobody has entered yet. */
function isAboutPreVote(message: Message): boolean {
  if (message.type === 'vote-request') return message.preVote;
  return message.type === 'vote-response' && message.preVote && message.granted;
}

/** Its sender is behind: one that acts on its own account is told so, answers are dropped. */
function answerStale(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      refuseVote(state, message);
      break;
    case 'append-request':
    case 'heartbeat-request':
    case 'snapshot-request':
      refuseStaleLeader(state, message);
      break;
    default:
  }
}

function dispatch(state: RaftState, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      onVoteRequest(state, message);
      break;
    case 'vote-response':
      onVoteResponse(state, message);
      break;
    case 'append-request':
      onAppendRequest(state, message);
      break;
    case 'append-response':
      onAppendResponse(state, message);
      break;
    case 'heartbeat-request':
      onHeartbeatRequest(state, message);
      break;
    case 'heartbeat-response':
      onHeartbeatResponse(state, message);
      break;
    case 'snapshot-request':
      onSnapshotRequest(state, message);
      break;
    case 'timeout-now':
      onTimeoutNow(state, message);
      break;
    case 'read-index-request':
      onReadIndexRequest(state, message);
      break;
    case 'read-index-response':
      onReadIndexResponse(state, message);
      break;
    default:
      unreachable(message);
  }
}
