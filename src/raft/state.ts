import type { ResolvedConfig } from './config.ts';
import type { HardState, Index, MemberId, Term } from './entry.ts';
import type { RaftLog } from './log.ts';
import type { MembershipHistory } from './membership.ts';
import type { Message } from './message.ts';
import type { Progress } from './progress.ts';
import type { ReadState, Role, SnapshotNeed } from './ready.ts';

/** All that a member knows. Changed only by the functions of this folder, through `Raft`. */
export interface RaftState {
  readonly config: ResolvedConfig;
  readonly log: RaftLog;
  readonly memberships: MembershipHistory;
  readonly outbox: Outbox;
  readonly asking: AskedReads;
  role: Role;
  term: Term;
  /** For whom this member voted in `term`. */
  vote: MemberId | null;
  /** The leader of `term`, as far as known and believed alive. */
  leader: MemberId | null;
  /** log.base.index <= commit <= log.lastIndex; never decreases. */
  commit: Index;
  /** Whether followers may be told a commit index with no entries to go with it. */
  commitNewsDue: boolean;
  /** Ticks since the leader was heard, a vote was granted or a campaign began. */
  electionElapsed: number;
  /** Ticks since a leader was heard, or since the start: one may have been heard just before. */
  leaderSilentTicks: number;
  /** Ticks for which a promise from before the start may still last. */
  promisedTicks: number;
  /** The current draw from [electionTicks, 2 * electionTicks). */
  electionTimeout: number;
  /** Ticks until a campaign because the leader's connection closed; null without such a hint. */
  campaignIn: number | null;
  /** How often the hint may still be tried again. */
  hintedTriesLeft: number;
  /** Answers to our own campaign, pre-vote or vote. */
  votes: Map<MemberId, boolean>;
  /** Not null exactly while role is `leader`. */
  leading: Leadership | null;
}

/** What only a leader has; gone with the leadership. */
export interface Leadership {
  /** Every member but ourselves, in the order of ids. */
  progress: Map<MemberId, Progress>;
  heartbeatElapsed: number;
  /**
   * Our vote for ourselves is on disk. A candidate's requests leave after that; only a single voter
   * leads before, and until then it must be silent: after a crash it could lead the same term again
   * (I1).
   */
  termDurable: boolean;
  transfer: Transfer | null;
  /** Somebody was told to campaign at once, and may still do so although that was given up. */
  handedOver: boolean;
  readonly reads: LedReads;
}

export interface Transfer {
  readonly to: MemberId;
  ticks: number;
}

/** A read that waits for its index; `asker` is null for our own. */
export interface PendingRead {
  readonly asker: MemberId | null;
  readonly context: number;
}

/** The leader's side of read-index (dissertation 6.4). */
export interface LedReads {
  /** The last round that was started. */
  round: number;
  /** Not yet in a round. */
  waiting: PendingRead[];
  /** Rounds on the way, oldest first. */
  rounds: { readonly round: number; readonly index: Index; readonly reads: PendingRead[] }[];
}

/** A follower's side: contexts that share one request to the leader. */
export interface AskedReads {
  nextRequest: number;
  waiting: number[];
  readonly sent: Map<number, { readonly contexts: number[]; ticks: number }>;
}

/** What the next Ready will carry. */
export interface Outbox {
  messages: Message[];
  afterDurable: Message[];
  readStates: ReadState[];
  readsFailed: number[];
  snapshotNeed: SnapshotNeed | null;
  /** As in the last Ready. */
  hardState: HardState;
  /** The commit index is to be put on disk. */
  keepCommit: boolean;
  commit: Index;
  role: Role;
  leader: MemberId | null;
}

/** The sender's part of a message. */
export function addressed(state: RaftState, to: MemberId) {
  return { from: state.config.id, to, term: state.term };
}

/**
 * Whether this member may campaign: a voter, or one whose removal it does not know to be committed.
 * The others may need the log of such a member to get anywhere (dissertation 4.2.2, figure 4.6);
 * its own vote does not count. Learners, removed members and those without a membership may not.
 */
export function isElectable(state: RaftState): boolean {
  return state.memberships.mayBeVoter(state.config.id);
}

/**
 * An entry of the leader's own term is committed: only then is its commit index current
 * (dissertation 6.4).
 */
export function ownTermCommitted(state: RaftState): boolean {
  return state.log.term(state.commit) === state.term;
}
