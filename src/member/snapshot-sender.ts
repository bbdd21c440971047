import { messageOf } from '../base/errors.ts';
import type { EntryId, Index, MemberId, Membership } from '../raft/entry.ts';
import type { HeldSnapshot } from './protocol.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { SnapshotReplyFrame, SnapshotRequestFrame } from './snapshot-frames.ts';

/** A held snapshot keeps checkpoints, and with them the WAL and the log, waiting: it is let go when nobody has asked for this long. */
const IDLE_MS_MAX = 10_000;
/** Larger requests are cut: heartbeats share the connection. */
const CHUNK_BYTES_MAX = 256 * 1024;

export interface SnapshotSenderParts {
  readonly files: Pick<SnapshotFiles, 'read'>;
  readonly hold: () => void;
  readonly release: () => void;
  readonly membership: () => Membership;
  readonly reply: (to: MemberId, frame: SnapshotReplyFrame) => void;
  readonly warn: (message: string) => void;
}

/** Gives this member's main database file to members that need one. The file stands still while it is held; writes go on in the WAL. */
export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  #held: HeldSnapshot | null = null;
  #asking = false;
  #waiting = new Set<MemberId>();
  #reading = new Set<MemberId>();
  #lastUsedMs = 0;

  constructor(parts: SnapshotSenderParts) {
    this.#parts = parts;
  }

  /** The log must be kept from here on while a snapshot is given out. */
  get neededIndex(): Index {
    return this.#held === null ? Number.MAX_SAFE_INTEGER : this.#held.id.index + 1;
  }

  onRequest(from: MemberId, frame: SnapshotRequestFrame, nowMs: number): void {
    this.#lastUsedMs = nowMs;
    if (frame.type === 'open') this.#open(from);
    else if (frame.type === 'read') this.#read(from, frame.id, frame.offset, frame.length);
    else this.#done(from);
  }

  /** The SQL thread's answer to `hold`; null if a foreign reader prevented it. */
  onHeld(snapshot: HeldSnapshot | null): void {
    this.#asking = false;
    this.#held = snapshot;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const member of waiting) {
      if (snapshot === null) this.#parts.reply(member, { type: 'gone' });
      else this.#offer(member, snapshot);
    }
  }

  tick(nowMs: number): void {
    if (this.#held !== null && nowMs - this.#lastUsedMs > IDLE_MS_MAX) this.#release();
  }

  /** The database is about to be closed or replaced. */
  drop(): void {
    this.#held = null;
    this.#asking = false;
    this.#reading.clear();
  }

  #open(from: MemberId): void {
    if (this.#held !== null) return this.#offer(from, this.#held);
    this.#waiting.add(from);
    if (this.#asking) return;
    this.#asking = true;
    this.#parts.hold();
  }

  #offer(to: MemberId, { id, checksum, bytes, pageSize }: HeldSnapshot): void {
    this.#reading.add(to);
    this.#parts.reply(to, {
      type: 'offer',
      id,
      checksum,
      bytes,
      pageSize,
      membership: this.#parts.membership(),
    });
  }

  #read(to: MemberId, id: EntryId, offset: number, length: number): void {
    const held = this.#held;
    if (
      held === null ||
      held.id.index !== id.index ||
      held.id.term !== id.term ||
      offset >= held.bytes
    )
      return this.#parts.reply(to, { type: 'gone' });
    const data = new Uint8Array(Math.min(length, CHUNK_BYTES_MAX, held.bytes - offset));
    this.#parts.files.read(held.fd, data, offset, (error, got) => {
      if (this.#held !== held) return;
      if (error === null)
        return this.#parts.reply(to, { type: 'chunk', id, offset, data: data.subarray(0, got) });
      this.#parts.warn(`a snapshot could not be read: ${messageOf(error)}`);
      this.#parts.reply(to, { type: 'gone' });
    });
  }

  #done(from: MemberId): void {
    this.#reading.delete(from);
    if (this.#held !== null && this.#reading.size === 0) this.#release();
  }

  #release(): void {
    this.#held = null;
    this.#reading.clear();
    this.#parts.release();
  }
}
