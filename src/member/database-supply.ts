import { PacelineError } from '../base/errors.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, Index, MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import { DatabaseChecksum } from '../redo/checksum.ts';
import type { Clock } from './clock.ts';
import type { Compaction } from './compaction.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { LoopLog } from './loop-log.ts';
import type { Network } from './network.ts';
import type { HeldSnapshot, LoopToSql } from './protocol.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotOffer,
} from './snapshot-frames.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';

export interface SupplyParts {
  readonly self: MemberId;
  readonly raft: Raft;
  readonly log: LogStore;
  readonly tracker: DatabaseTracker;
  readonly compaction: Compaction;
  readonly network: Network;
  readonly post: (message: LoopToSql) => void;
  readonly loopLog: LoopLog;
  /** File that receives snapshots. */
  readonly incomingFile: string;
  readonly files: SnapshotFiles;
  readonly clock: Clock;
  readonly turn: (work: () => void) => void;
}

/**
 * Gets this member a database from the leader when its own cannot be used or is too far behind the log, and gives others
 * this member's while it leads.
 */
export class DatabaseSupply {
  readonly #parts: SupplyParts;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  /** Why the database has to come from another member; null while it need not. */
  #need: string | null = null;
  /** A database was received, and is being put in place. */
  #installing = false;

  constructor(parts: SupplyParts) {
    const { post, network, raft, loopLog, incomingFile, files, clock } = parts;
    this.#parts = parts;
    this.#sender = new SnapshotSender({
      files,
      hold: () => post({ type: 'hold-snapshot' }),
      release: () => post({ type: 'release-snapshot' }),
      membership: () => raft.membership,
      reply: (to, frame) => network.send(to, 'snapshot-reply', encodeSnapshotReply(frame)),
      warn: (message) => loopLog.warn(message),
    });
    this.#receiver = new SnapshotReceiver({
      ...{ file: incomingFile, files, clock },
      request: (to, frame) => network.send(to, 'snapshot', encodeSnapshotRequest(frame)),
      onReceived: (offer) => parts.turn(() => this.#install(offer)),
      warn: (message) => loopLog.warn(message),
    });
  }

  get progress() {
    return this.#receiver.progress;
  }

  /** The first index of the log that somebody needs who is being given a snapshot. */
  get neededIndex(): Index {
    return this.#sender.neededIndex;
  }

  tick(nowMs: number): void {
    this.#sender.tick(nowMs);
    this.#receiver.tick(nowMs);
    this.#fetch(nowMs);
  }

  /** The leader's log no longer has what this member lacks; its database stays in use until another one is there. */
  need(why: string, nowMs: number): void {
    this.#need ??= why;
    this.#fetch(nowMs);
  }

  /**
   * The database cannot be used; `received`: it is the one that was just received. Throws DATABASE_DAMAGED where nobody else
   * has one.
   */
  rebuild(why: string, received: boolean): void {
    // What is wrong with our old one does not matter any more when another is being put in its place.
    if (this.#installing && !received) return;
    const { tracker, raft, loopLog } = this.#parts;
    tracker.closed();
    this.#sender.drop();
    this.#installing = false;
    if (raft.membership.length < 2)
      throw new PacelineError(
        'DATABASE_DAMAGED',
        `${why}; there is no other member to copy it from: restore a backup`,
      );
    loopLog.warn(`the database is fetched from the leader: ${why}`);
    this.#need = why;
  }

  onRequest(from: MemberId, payload: Uint8Array, nowMs: number): void {
    const request = decodeSnapshotRequest(payload);
    const { tracker, network } = this.#parts;
    if (tracker.leading) this.#sender.onRequest(from, request, nowMs);
    else network.send(from, 'snapshot-reply', encodeSnapshotReply({ type: 'gone' }));
  }

  onReply(from: MemberId, payload: Uint8Array, nowMs: number): void {
    this.#receiver.onReply(from, decodeSnapshotReply(payload), nowMs);
  }

  onHeld(snapshot: HeldSnapshot | null): void {
    this.#sender.onHeld(snapshot);
  }

  onLost(): void {
    this.#sender.drop();
  }

  installed(position: EntryId): void {
    this.#need = null;
    this.#installing = false;
    const { tracker, loopLog } = this.#parts;
    loopLog.info({ position }, 'the database was fetched and takes part again');
    tracker.installed(position);
  }

  stop(): void {
    this.#receiver.stop();
  }

  #fetch(nowMs: number): void {
    if (this.#need === null || this.#installing) return;
    const { raft, self } = this.#parts;
    if (raft.leader !== null && raft.leader !== self) this.#receiver.fetch(raft.leader, nowMs);
    // Who has no database cannot lead.
    else if (raft.canPropose()) raft.transferLeadership(null);
  }

  #install({ id, checksum, membership }: SnapshotOffer): void {
    const { log, raft, tracker, compaction, post, incomingFile } = this.#parts;
    const known = log.term(id.index) === id.term;
    if (!known && !raft.needsSnapshot(id)) return;
    this.#installing = true;
    tracker.closed();
    const go = () => post({ type: 'install', file: incomingFile, id, checksum });
    if (known) return go();
    // A crash before the database is in place leaves one that does not fit the log: it is fetched again.
    log.reset({ id, membership, extra: new DatabaseChecksum(checksum).toBytes() }, go);
    raft.restored(id, membership);
    compaction.reset();
  }
}
