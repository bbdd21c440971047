import type { Entry, EntryId, HardState, Index, MemberId, Membership, Term } from './entry.ts';
import type { Message } from './message.ts';

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * A read registered with `readIndex(context)` that may be served once the member has applied
 * `index`.
 */
export interface ReadState {
  readonly context: number;
  readonly index: Index;
}

/**
 * A follower must fetch a snapshot at or after `snapshot`, preferably from `from`, then call
 * `restored`. It is repeated while the need lasts: fetch once.
 */
export interface SnapshotNeed {
  readonly from: MemberId;
  readonly snapshot: EntryId;
  readonly membership: Membership;
}

/**
 * What the shell has to do after calls into Raft. The order is part of the protocol:
 * 1. hand `truncateFrom`, `entries` and `hardState` to the log store, in this order, before any
 *   other call into Raft;
 * 2. send `messages` at once (a leader sends entries while its own disk is still writing them);
 * 3. when that write is durable (I4): send `afterDurable`, then call `raft.durable(last)` with the
 *   last entry of it;
 * 4. treat entries up to `commit` as committed. Writes become durable in the order in which they
 *   were handed over.
 */
export interface Ready {
  /** Changed term, vote or commit; null when unchanged. */
  readonly hardState: HardState | null;
  /**
   * Discard the stored log from this index on, before appending; null when nothing is discarded.
   */
  readonly truncateFrom: Index | null;
  readonly entries: readonly Entry[];
  readonly messages: readonly Message[];
  /** Votes and acknowledgements: promises about what is on this member's disk. */
  readonly afterDurable: readonly Message[];
  readonly commit: Index;
  readonly role: Role;
  readonly term: Term;
  readonly leader: MemberId | null;
  readonly readStates: readonly ReadState[];
  /** Contexts whose read index cannot be had (leadership changed, no leader): ask again. */
  readonly readsFailed: readonly number[];
  readonly snapshotNeed: SnapshotNeed | null;
}
