import type { Entry, EntryId, Index, MemberId, Membership, Term } from './entry.ts';

interface Addressed {
  readonly from: MemberId;
  readonly to: MemberId;
  /** The sender's term; for pre-vote the term that it would campaign in. */
  readonly term: Term;
}

/**
 * Dissertation 3.4; with `preVote`, 9.6. `transfer` lets a campaign ordered by the leader pass the
 * voters' lease check (4.2.3).
 */
export interface VoteRequest extends Addressed {
  readonly type: 'vote-request';
  readonly preVote: boolean;
  readonly last: EntryId;
  readonly transfer: boolean;
}

export interface VoteResponse extends Addressed {
  readonly type: 'vote-response';
  readonly preVote: boolean;
  readonly granted: boolean;
}

/** Dissertation 3.5. `entries` follow `previous`. */
export interface AppendRequest extends Addressed {
  readonly type: 'append-request';
  readonly previous: EntryId;
  readonly commit: Index;
  readonly entries: readonly Entry[];
}

/**
 * Accepted: the follower's log matches the leader's, durably, up to `match`.
 * Rejected: it has no entry like `rejected`; `hint` is the best place to try next.
 */
export interface AppendResponse extends Addressed {
  readonly type: 'append-response';
  readonly accepted: boolean;
  readonly match: Index;
  readonly rejected: Index;
  readonly hint: EntryId;
}

/**
 * Empty of entries so that it is never delayed by them. `round` numbers read-index quorum rounds
 * (6.4).
 */
export interface HeartbeatRequest extends Addressed {
  readonly type: 'heartbeat-request';
  readonly commit: Index;
  readonly round: number;
}

export interface HeartbeatResponse extends Addressed {
  readonly type: 'heartbeat-response';
  readonly round: number;
  /** For so many ticks from now it helps nobody else to lead (`protectLeader`); 0 without that promise. */
  readonly promiseTicks: number;
}

/**
 * The leader's log no longer has what this follower needs: fetch a snapshot at or after `snapshot`.
 * The bytes travel outside Raft; the follower reports with an append-response once it is installed.
 */
export interface SnapshotRequest extends Addressed {
  readonly type: 'snapshot-request';
  readonly snapshot: EntryId;
  readonly membership: Membership;
}

/** Leadership transfer: campaign now (3.10). */
export interface TimeoutNow extends Addressed {
  readonly type: 'timeout-now';
}

/** A follower asks the leader for a read index (6.4); `context` is the asker's own number. */
export interface ReadIndexRequest extends Addressed {
  readonly type: 'read-index-request';
  readonly context: number;
}

export interface ReadIndexResponse extends Addressed {
  readonly type: 'read-index-response';
  readonly context: number;
  readonly index: Index;
}

export type Message =
  | VoteRequest
  | VoteResponse
  | AppendRequest
  | AppendResponse
  | HeartbeatRequest
  | HeartbeatResponse
  | SnapshotRequest
  | TimeoutNow
  | ReadIndexRequest
  | ReadIndexResponse;
