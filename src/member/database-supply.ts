import { PacelineError } from '../base/errors.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { EntryId, Index, MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import { DatabaseChecksum } from '../redo/checksum.ts';
import type { Clock } from './clock.ts';
import type { Compaction, LogNeed } from './compaction.ts';
import { checksumAt, type DatabaseTracker } from './database-tracker.ts';
import { LeftSnapshot } from './left-snapshot.ts';
import { LogLeases } from './log-leases.ts';
import type { LoopLog } from './loop-log.ts';
import type { LostWrites } from './lost-writes.ts';
import type { Network } from './network.ts';
import type { LoopToSql, SqlToLoop } from './protocol.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotOffer,
  type SnapshotRequestFrame,
} from './snapshot-frames.ts';
import { SnapshotReceiver } from './snapshot-receiver.ts';
import { SnapshotSender } from './snapshot-sender.ts';
import { sendersInOrder } from './snapshot-sources.ts';

/** How often the leader is told which part of its log a snapshot under way needs behind it. */
const KEEP_LOG_MS = 1_000;

type HeldOrLost = Extract<SqlToLoop, { readonly type: 'snapshot-held' | 'snapshot-lost' }>;

export interface SupplyParts {
  readonly lost: LostWrites;
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
 * Gets this member a database from another one when its own cannot be used or is too far behind the log, and gives others
 * this member's when that is as they need it.
 */
export class DatabaseSupply {
  readonly #parts: SupplyParts;
  readonly #sender: SnapshotSender;
  readonly #receiver: SnapshotReceiver;
  readonly #leases = new LogLeases();
  readonly #left: LeftSnapshot;
  /** Why the database has to come from another member; null while it need not. */
  #need: string | null = null;
  /** The leader's log goes on from here at the earliest. */
  #leaderLogBase: Index = 0;
  /** The one that was received, and is being put in place. */
  #installing: SnapshotOffer | null = null;
  /** The leader was last told of this one, and when. */
  #keptFor: SnapshotOffer | null = null;
  #keptAtMs = 0;
  /** Received, and to be installed once what it makes this member discard is saved. */
  #unsaved: SnapshotOffer | null = null;

  constructor(parts: SupplyParts) {
    const { post, network, raft, loopLog, incomingFile, files, clock } = parts;
    this.#parts = parts;
    this.#left = new LeftSnapshot(parts);
    this.#sender = new SnapshotSender({
      files,
      hold: (ask, atLeast) => post({ type: 'hold-snapshot', ask, atLeast }),
      release: () => post({ type: 'release-snapshot' }),
      membershipAt: (index) => raft.membershipAt(index),
      reply: (to, frame) => network.send(to, 'snapshot-reply', encodeSnapshotReply(frame)),
      info: (fields, message) => loopLog.info(fields, message),
      warn: (message) => loopLog.warn(message),
    });
    this.#receiver = new SnapshotReceiver({
      ...{ file: incomingFile, files, clock },
      senders: () => this.#senders(),
      request: (to, frame) => this.#request(to, frame),
      onReceived: (offer) => parts.turn(() => this.#install(offer)),
      info: (fields, message) => loopLog.info(fields, message),
      warn: (message) => loopLog.warn(message),
    });
  }

  get progress() {
    return this.#receiver.progress;
  }

  /** What must stay in this member's log for those that are being given a snapshot. */
  logNeeds(nowMs: number): LogNeed[] {
    return this.#leases.needs(nowMs);
  }

  tick(nowMs: number): void {
    this.#sender.tick(nowMs);
    const unsaved = this.#unsaved;
    this.#unsaved = null;
    if (unsaved !== null) this.#install(unsaved);
    if (this.#need === null && this.#installing === null) this.#left.removeUnneeded();
    this.#fetch(nowMs);
    this.#keepLog(nowMs);
  }

  connected(peer: MemberId, nowMs: number): void {
    this.#receiver.connected(peer, nowMs);
  }

  disconnected(peer: MemberId, nowMs: number): void {
    this.#receiver.disconnected(peer, nowMs);
  }

  /** The leader's log, which begins after `base`, lacks what this member lacks; its database stays in use until another one is there. */
  behind(base: Index, nowMs: number): void {
    this.#need ??= 'the leader’s log no longer has what this member lacks';
    this.#leaderLogBase = base;
    this.#fetch(nowMs);
  }

  /**
   * The database cannot be used; `received`: it is the one that was just received. Throws DATABASE_DAMAGED where nobody else
   * has one.
   */
  rebuild(why: string, received: boolean): void {
    // What is wrong with our old one does not matter any more when another is being put in its place.
    if (this.#installing !== null && !received) return;
    const { tracker, raft, loopLog } = this.#parts;
    tracker.closed();
    this.#sender.drop();
    this.#installing = null;
    if (received) this.#receiver.wasBad();
    if (raft.membership.length < 2)
      throw new PacelineError(
        'DATABASE_DAMAGED',
        `${why}; there is no other member to copy it from: restore a backup`,
      );
    loopLog.warn(`the database is fetched from another member: ${why}`);
    this.#need = why;
  }

  onRequest(from: MemberId, payload: Uint8Array, nowMs: number): void {
    const request = decodeSnapshotRequest(payload);
    const { type } = request;
    if (type === 'keep-log') this.#leases.renew(from, request.after, request.bytes, nowMs);
    else if (type === 'done') this.#sender.done(from);
    else if (type === 'read') this.#sender.read(from, request, nowMs);
    else if (this.#canGive(request.atLeast)) this.#sender.open(from, request.atLeast, nowMs);
    else this.#sender.refuse(from);
  }

  onReply(from: MemberId, payload: Uint8Array, nowMs: number): void {
    this.#receiver.onReply(from, decodeSnapshotReply(payload), nowMs);
  }

  /** What became of the order to keep a state readable. */
  fromSql(message: HeldOrLost): void {
    if (message.type === 'snapshot-lost') return this.#sender.drop();
    const { ask, snapshot } = message;
    const { log } = this.#parts;
    // A log that was reset meanwhile does not have it; the sender was told to drop what it asked for then.
    const known = snapshot !== null && log.term(snapshot.id.index) === snapshot.id.term;
    const checksum = known ? checksumAt(log, snapshot.id) : null;
    this.#sender.onHeld(ask, snapshot, checksum);
  }

  installed(position: EntryId): void {
    this.#need = null;
    this.#installing = null;
    const { tracker, loopLog } = this.#parts;
    loopLog.info({ position }, 'the database was fetched and takes part again');
    tracker.installed(position);
  }

  stop(): void {
    this.#receiver.stop();
  }

  /** Not while this database is about to be replaced itself, nor while some of it may have to be undone. */
  #canGive(atLeast: Index): boolean {
    const { tracker } = this.#parts;
    if (this.#need !== null || this.#installing !== null || !tracker.steady) return false;
    return tracker.position.index >= atLeast;
  }

  #senders(): readonly MemberId[] {
    const { raft, self, network } = this.#parts;
    const { leader } = raft;
    if (leader === null || (leader === self && this.#hasOtherVoter)) return [];
    const inOrder = sendersInOrder(raft.membership, self, leader);
    return inOrder.filter((id) => network.isConnected(id));
  }

  get #hasOtherVoter(): boolean {
    const { raft, self } = this.#parts;
    return raft.membership.some(({ id, voter }) => voter && id !== self);
  }

  #request(to: MemberId, frame: SnapshotRequestFrame): void {
    this.#parts.network.send(to, 'snapshot', encodeSnapshotRequest(frame));
  }

  /**
   * Whoever was elected with its own database in use has all that this lacks in its log: what was fetched because an earlier leader's
   * log had not is not needed any more, and a database that leads is not replaced.
   */
  #forgetVoidNeed(): void {
    const { raft, tracker } = this.#parts;
    if (this.#need === null || raft.role !== 'leader' || !tracker.open) return;
    this.#need = null;
    this.#receiver.stop();
  }

  #fetch(nowMs: number): void {
    this.#forgetVoidNeed();
    if (this.#need === null || this.#installing !== null || this.#unsaved !== null) return;
    const { raft, self, log } = this.#parts;
    // It has to meet our log, or to be the beginning of one that the leader's continues.
    const atLeast = Math.max(this.#leaderLogBase, log.base.index);
    if (raft.leader !== self || !this.#hasOtherVoter) this.#receiver.want(atLeast, nowMs);
    // Who has no database cannot lead; the only voter gets it from a learner, and leads then.
    else if (raft.canPropose()) raft.transferLeadership(null);
  }

  #keepLog(nowMs: number): void {
    const { raft, self } = this.#parts;
    const { leader } = raft;
    const offer = this.#installing ?? this.#receiver.offer;
    // Who was elected meanwhile hands over.
    if (offer === null || leader === null || leader === self) return;
    if (offer === this.#keptFor && nowMs - this.#keptAtMs < KEEP_LOG_MS) return;
    this.#keptFor = offer;
    this.#keptAtMs = nowMs;
    this.#request(leader, { type: 'keep-log', after: offer.id.index, bytes: offer.bytes });
  }

  #install(offer: SnapshotOffer): void {
    this.#forgetVoidNeed();
    if (this.#need === null) return;
    const { id, checksum, membership } = offer;
    const { log, lost, raft, tracker, compaction, post, incomingFile } = this.#parts;
    const known = log.term(id.index) === id.term;
    if (!known && !raft.needsSnapshot(id)) return;
    // What is not committed here is not in the history that the snapshot is of.
    if (!known && lost.mustWaitForSnapshot(raft.commit)) {
      this.#unsaved = offer;
      return;
    }
    this.#installing = offer;
    this.#sender.drop();
    tracker.closed();
    // What the old database has in its main file must not shorten the log that the new one needs.
    compaction.reset();
    const go = () => post({ type: 'install', file: incomingFile, id, checksum });
    if (known) return go();
    // A crash before the database is in place leaves one that does not fit the log: it is fetched again.
    log.reset({ id, membership, extra: new DatabaseChecksum(checksum).toBytes() }, go);
    raft.restored(id, membership);
  }
}
