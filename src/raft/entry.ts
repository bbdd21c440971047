/** A Raft term: starts at 1 with the first election; 0 is "before any". */
export type Term = number;
/** A place in the replication log: the first entry is 1; 0 is "before any". */
export type Index = number;
export type MemberId = string;

/**
 * Names one entry, and with it (I2) the whole log up to there. A **position** is an EntryId handed
 * to clients.
 */
export interface EntryId {
  readonly term: Term;
  readonly index: Index;
}

export const ORIGIN: EntryId = { term: 0, index: 0 };

export interface MemberInfo {
  readonly id: MemberId;
  /** `host:port` of its transport; opaque here. */
  readonly address: string;
  /** Voters elect and count for the quorum; learners only receive the log. */
  readonly voter: boolean;
}

/** Who belongs to the cluster, sorted by id. */
export type Membership = readonly MemberInfo[];

export interface Entry extends EntryId {
  /**
   * A new membership, in force from the moment this entry is appended (dissertation 4.1); null for
   * most.
   */
  readonly membership: Membership | null;
  /** Opaque to Raft. */
  readonly data: Uint8Array;
}

/**
 * What must survive a crash besides the log: without it a member could vote twice in a term (I1).
 */
export interface HardState {
  readonly term: Term;
  /** For whom this member voted in `term`. */
  readonly vote: MemberId | null;
  /** A hint that saves work after a restart; may be behind. */
  readonly commit: Index;
}

export const INITIAL_HARD_STATE: HardState = { term: 0, vote: null, commit: 0 };
