import type { Entry, EntryId, HardState, Index, Membership } from '../raft/entry.ts';
import type { LogView } from '../raft/log-view.ts';

/** One write: applied in the order of these fields, all of it durable before `done` is called. */
export interface LogWrite {
  readonly truncateFrom: Index | null;
  readonly entries: readonly Entry[];
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
 * After a failed write or fsync the store is dead: `failed` is called once, and no `done` any more.
 */
export interface LogStore extends LogView {
  readonly hardState: HardState;
  readonly baseExtra: Uint8Array;
  /** Entries up to here, and the hard state handed over with them, are on disk. */
  readonly durableIndex: Index;
  /** Bytes on disk. */
  readonly sizeBytes: number;
  /** `done` is called on a later turn, never from inside this call. One fsync serves all that waits. */
  write(change: LogWrite, done: () => void): void;
  /** Forgets entries up to and including `base.id.index`, as far as whole segments allow. Keeps `base` readable at once. */
  compact(base: LogBase): void;
  /** A snapshot replaced everything: the log is empty and starts after `base`. Hard state is kept. Durable when `done` is called. */
  reset(base: LogBase, done: () => void): void;
  /** Waits for pending writes, then closes. */
  close(): Promise<void>;
}
