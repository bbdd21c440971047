import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, Index, Membership } from '../raft/entry.ts';
import { type ChecksumValue, DatabaseChecksum } from '../redo/checksum.ts';

interface Checkpointed {
  readonly id: EntryId;
  readonly checksum: ChecksumValue;
  /** Entry bytes appended before it, since this process began. */
  readonly bytesBefore: number;
}

/** Followers that need more of the log than `keepBytes` hold compaction back until the log has this many times that. */
const HOLD_BACK_FACTOR = 2;

/**
 * Decides how much of the log is forgotten. Never what the main database file does not have yet; beyond that it keeps
 * `keepBytes` for followers that are behind, and for one that is further behind, twice as much.
 */
export class Compaction {
  readonly #log: LogStore;
  readonly #keepBytes: number;
  #appendedBytes = 0;
  #checkpoints: Checkpointed[] = [];

  constructor(log: LogStore, keepBytes: number) {
    this.#log = log;
    this.#keepBytes = keepBytes;
  }

  appended(bytes: number): void {
    this.#appendedBytes += bytes;
  }

  /** The main file is now the database at `id`. `needed` is the first index that some follower lacks. */
  checkpointed(id: EntryId, checksum: ChecksumValue, membership: Membership, needed: Index): void {
    this.#checkpoints.push({ id, checksum, bytesBefore: this.#appendedBytes });
    const beyond = (c: Checkpointed) => this.#appendedBytes - c.bytesBefore;
    const mayGo = (c: Checkpointed) =>
      beyond(c) >= this.#keepBytes * (c.id.index < needed ? 1 : HOLD_BACK_FACTOR);
    const at = this.#checkpoints.findLast(mayGo);
    if (at === undefined) return;
    this.#checkpoints = this.#checkpoints.filter((c) => c.id.index > at.id.index);
    if (at.id.index <= this.#log.base.index) return;
    this.#log.compact({
      id: at.id,
      membership,
      extra: new DatabaseChecksum(at.checksum).toBytes(),
    });
  }

  /** A snapshot replaced the log. */
  reset(): void {
    this.#checkpoints = [];
  }
}
