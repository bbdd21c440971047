import { messageOf } from '../base/errors.ts';
import type { Index, MemberId, Membership } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import type { HeldSnapshot } from './protocol.ts';
import { readHeld } from './read-held.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { SnapshotRead, SnapshotReplyFrame } from './snapshot-frames.ts';

/** A held snapshot keeps checkpoints, and with them the WAL and the log, waiting: it is let go when nobody has asked for this long. */
const IDLE_MS_MAX = 10_000;
/** Larger requests are cut: heartbeats share the connection. */
const CHUNK_BYTES_MAX = 256 * 1024;

export interface SnapshotSenderParts {
  readonly files: Pick<SnapshotFiles, 'read'>;
  /** Asks for a state at `atLeast` or later in place of any other; `onHeld` is the answer. */
  readonly hold: (ask: number, atLeast: Index) => void;
  readonly release: () => void;
  /** In force at a committed index. */
  readonly membershipAt: (index: Index) => Membership;
  readonly reply: (to: MemberId, frame: SnapshotReplyFrame) => void;
  readonly info: (fields: object, message: string) => void;
  readonly warn: (message: string) => void;
}

/** What this member gives: a state of its database, and the checksum that its log has for that. */
type Offered = HeldSnapshot & { readonly checksum: ChecksumValue };

/** Gives this member's database to members that need one, as it was at one commit: that is held, and writes go on in the WAL. */
export class SnapshotSender {
  readonly #parts: SnapshotSenderParts;
  #held: Offered | null = null;
  /** A state was asked for with this number, and is not held yet. */
  #asking: number | null = null;
  #asked = 0;
  /** Who waits for it, and what each needs at least. */
  readonly #waiting = new Map<MemberId, Index>();
  readonly #reading = new Set<MemberId>();
  #lastUsedMs = 0;

  constructor(parts: SnapshotSenderParts) {
    this.#parts = parts;
  }

  open(from: MemberId, atLeast: Index, nowMs: number): void {
    this.#lastUsedMs = nowMs;
    this.#reading.delete(from);
    const held = this.#held;
    if (held !== null && held.id.index >= atLeast) return this.#offer(from, held);
    if (held !== null && this.#reading.size > 0) return this.refuse(from);
    if (held !== null) this.#release();
    this.#waiting.set(from, atLeast);
    if (this.#asking !== null) return;
    this.#asking = ++this.#asked;
    this.#parts.hold(this.#asking, atLeast);
  }

  read(to: MemberId, { id, offset, length }: SnapshotRead, nowMs: number): void {
    this.#lastUsedMs = nowMs;
    const held = this.#held;
    if (
      held === null ||
      held.id.index !== id.index ||
      held.id.term !== id.term ||
      offset >= held.bytes
    )
      return this.refuse(to);
    const data = new Uint8Array(Math.min(length, CHUNK_BYTES_MAX, held.bytes - offset));
    readHeld(this.#parts.files, held, data, offset, (error, got) => {
      if (this.#held !== held) return;
      if (error === null)
        return this.#parts.reply(to, { type: 'chunk', id, offset, data: data.subarray(0, got) });
      this.#parts.warn(`a snapshot could not be read: ${messageOf(error)}`);
      this.refuse(to);
    });
  }

  done(from: MemberId): void {
    this.#reading.delete(from);
    this.#waiting.delete(from);
    this.#releaseIfUnused();
  }

  refuse(from: MemberId): void {
    this.#parts.reply(from, { type: 'gone' });
  }

  /**
   * The answer to `hold`: without a state if there is no database, without a checksum if this member's log does not have it. An answer
   * from before a drop is about nothing any more: what has been asked for since takes its place.
   */
  onHeld(ask: number, state: HeldSnapshot | null, checksum: ChecksumValue | null): void {
    const current = ask === this.#asking;
    if (!current && this.#asking !== null) return;
    this.#asking = null;
    const offered = current && state !== null && checksum !== null ? { ...state, checksum } : null;
    if (state !== null && offered === null) this.#parts.release();
    if (current) this.#answer(offered);
  }

  #answer(offered: Offered | null): void {
    this.#held = offered;
    for (const [member, atLeast] of this.#waiting) {
      if (offered !== null && offered.id.index >= atLeast) this.#offer(member, offered);
      else this.refuse(member);
    }
    this.#waiting.clear();
    this.#releaseIfUnused();
  }

  tick(nowMs: number): void {
    if (this.#held !== null && nowMs - this.#lastUsedMs > IDLE_MS_MAX) this.#release();
  }

  /** What was held cannot be read any more, or is about to be closed or replaced. */
  drop(): void {
    for (const member of [...this.#waiting.keys(), ...this.#reading]) this.refuse(member);
    this.#held = null;
    this.#asking = null;
    this.#waiting.clear();
    this.#reading.clear();
  }

  #offer(to: MemberId, { id, checksum, bytes, pageSize }: Offered): void {
    this.#reading.add(to);
    this.#parts.info({ to, ...id, bytes }, `${to} is given the database`);
    this.#parts.reply(to, {
      type: 'offer',
      id,
      checksum,
      bytes,
      pageSize,
      membership: this.#parts.membershipAt(id.index),
    });
  }

  #releaseIfUnused(): void {
    if (this.#held !== null && this.#reading.size === 0) this.#release();
  }

  #release(): void {
    this.#held = null;
    this.#reading.clear();
    this.#parts.release();
  }
}
