import type { Entry, EntryId, HardState, Index, Membership } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';

/**
 * One write. All of it is durable before `done` is called. A crash before that leaves a prefix of
 * it, in
 * this order: hard state, truncation, entries one by one; each such prefix is a state that Raft may
 * be in.
 */
export interface LogWrite {
  /**
   * Discard entries from here on first; null to discard none. Above the base, at most lastIndex +
   * 1.
   */
  readonly truncateFrom: Index | null;
  /** They follow the last entry that is left, and their terms do not fall. */
  readonly entries: readonly Entry[];
  /** The term never falls, and a vote given in it never changes (I1). */
  readonly hardState: HardState | null;
}

/** Where the kept log begins, and what a reader of it must know about the state there. */
export interface LogBase {
  readonly id: EntryId;
  readonly membership: Membership;
  /** Opaque to the store (the database checksum at `id`). */
  readonly extra: Uint8Array;
}

/**
 * The durable log of one member. Reads see a write at once; durability comes later, in order.
 * After a failed write or sync the store is dead: `onFailure` of its options is called once, no
 * `done` any
 * more, and each later write, compact or reset throws that error. Nothing is tried again: what a
 * failed
 * sync has left on the disk is unknown.
 *
 * The store keeps what it is given without copying: data and memberships must not be changed
 * afterwards.
 */
export interface LogStore extends LogView {
  /** After an open, `commit` is at most lastIndex; it may be behind, also behind the base. */
  readonly hardState: HardState;
  readonly baseExtra: Uint8Array;
  /**
   * Entries up to here, and the hard state handed over with them, are on disk. Below the base while
   * a
   * reset is under way.
   */
  readonly durableIndex: Index;
  /** Bytes on disk, pre-allocated space included. */
  readonly sizeBytes: number;
  /**
   * `done` is called on a later turn, never from inside this call. One sync serves all that waits.
   */
  write(change: LogWrite, done: () => void): void;
  /**
   * Forgets entries up to and including `base.id.index`, which is in the log. The base moves at
   * once; space is
   * given back by whole segments when the base's entry is durable. A base not ahead of the present
   * one is ignored.
   */
  compact(base: LogBase): void;
  /**
   * A snapshot replaced everything: the log is empty and starts after `base`. Hard state is kept.
   * Durable when `done` is called; a crash before leaves either the log before or this one.
   */
  reset(base: LogBase, done: () => void): void;
  /** Waits for pending writes, then closes. */
  close(): Promise<void>;
}
