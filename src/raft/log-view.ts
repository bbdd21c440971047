import type { Entry, EntryId, Index, Membership, Term } from './entry.ts';

/**
 * What Raft needs to read of the stored log. Entries handed to the store are visible here at once,
 * durable or not: base.index < firstIndex <= lastIndex + 1.
 */
export interface LogView {
  /**
   * The entry just before the first one kept: where compaction or a snapshot cut. {0,0} when
   * nothing was cut.
   */
  readonly base: EntryId;
  /** The membership in force at `base`. */
  readonly baseMembership: Membership;
  /** Index of the last entry; base.index when empty. */
  readonly lastIndex: Index;
  /** The term of the entry at `index`; undefined outside base.index..lastIndex. */
  term(index: Index): Term | undefined;
  /** Entries from..to, both included, at least one and then no more than `maxBytes` of data. */
  entries(from: Index, to: Index, maxBytes: number): Entry[];
}
