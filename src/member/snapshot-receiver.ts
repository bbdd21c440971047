import { messageOf, PacelineError } from '../base/errors.ts';
import type { EntryId, Index, MemberId } from '../raft/entry.ts';
import type { Clock } from './clock.ts';
import { IncomingFile } from './incoming-file.ts';
import type { SnapshotFiles } from './snapshot-files.ts';
import type { SnapshotOffer, SnapshotReplyFrame, SnapshotRequestFrame } from './snapshot-frames.ts';
import { SnapshotSources } from './snapshot-sources.ts';

/** Requests on the way at a time. */
const WINDOW = 4;
/** A sender that says nothing for so long is given up: what it has sent may be in vain then, so not at the first hiccup. */
const SILENCE_MS_MAX = 5_000;
/** The same when its connection has closed: time to come back, so that the transfer can go on where it stopped. */
const AWAY_MS_MAX = 1_000;

export interface SnapshotReceiverParts {
  /** Path of the file that is being received. */
  readonly file: string;
  readonly files: SnapshotFiles;
  readonly clock: Clock;
  /** Members that can be asked now, the preferred one first. */
  readonly senders: () => readonly MemberId[];
  readonly request: (to: MemberId, frame: SnapshotRequestFrame) => void;
  /** The file is complete, on disk, and has the offered checksum. */
  readonly onReceived: (offer: SnapshotOffer) => void;
  readonly info: (fields: object, message: string) => void;
  readonly warn: (message: string) => void;
}

/** A transfer under way. */
interface Transfer {
  readonly file: IncomingFile;
  readonly from: MemberId;
  requested: number;
  /** Came before what belongs in front of it. */
  readonly early: Map<number, Uint8Array>;
  /** All is there, and on its way to the disk. */
  finishing: boolean;
}

/**
 * Fetches the database of another member. A transfer that broke goes on where it stopped, also after a restart or
 * from a further member, if that offers the very same; otherwise it begins anew. (Here is the place to ask only for
 * pages that differ.)
 */
export class SnapshotReceiver {
  readonly #parts: SnapshotReceiverParts;
  readonly #sources = new SnapshotSources();
  #wanted: Index = 0;
  #from: MemberId | null = null;
  #transfer: Transfer | null = null;
  #giveUpAtMs = 0;
  /** Who sent the last complete one. */
  #lastSender: MemberId | null = null;

  constructor(parts: SnapshotReceiverParts) {
    this.#parts = parts;
  }

  get progress(): { readonly receivedBytes: number; readonly totalBytes: number } | null {
    if (this.#transfer === null) return null;
    const { written, offer } = this.#transfer.file;
    return { receivedBytes: written, totalBytes: offer.bytes };
  }

  /** What is being received. */
  get offer(): SnapshotOffer | null {
    return this.#transfer?.file.offer ?? null;
  }

  /** Begins, or goes on, fetching a snapshot at `atLeast` or later; call now and then. */
  want(atLeast: Index, nowMs: number): void {
    this.#wanted = atLeast;
    const { offer } = this;
    // The log that it needs behind it is gone.
    if (offer !== null && offer.id.index < atLeast) this.#leave(nowMs);
    if (this.#from !== null && nowMs >= this.#giveUpAtMs) this.#leave(nowMs);
    if (this.#from === null) this.#askNext(nowMs);
  }

  onReply(from: MemberId, frame: SnapshotReplyFrame, nowMs: number): void {
    if (from !== this.#from) return;
    this.#giveUpAtMs = nowMs + SILENCE_MS_MAX;
    if (frame.type === 'offer') this.#start(from, frame, nowMs);
    else if (frame.type === 'chunk') this.#chunk(frame.id, frame.offset, frame.data, nowMs);
    else this.#leave(nowMs);
  }

  /** A sender that is back may still have what it offered. */
  connected(peer: MemberId, nowMs: number): void {
    if (peer === this.#from) this.#ask(peer, nowMs);
  }

  disconnected(peer: MemberId, nowMs: number): void {
    if (peer === this.#from) this.#giveUpAtMs = nowMs + AWAY_MS_MAX;
  }

  /** What was received last could not be used. */
  wasBad(): void {
    if (this.#lastSender !== null) this.#sources.wasBad(this.#lastSender);
  }

  stop(): void {
    this.#from = null;
    this.#transfer?.file.close();
    this.#transfer = null;
  }

  #askNext(nowMs: number): void {
    const { senders } = this.#parts;
    const next = this.#sources.next(senders(), nowMs);
    if (next !== null) this.#ask(next, nowMs);
  }

  #ask(from: MemberId, nowMs: number): void {
    this.#from = from;
    this.#giveUpAtMs = nowMs + SILENCE_MS_MAX;
    this.#parts.request(from, { type: 'open', atLeast: this.#wanted });
  }

  /** Goes on with another member; what is there stays for the case that it offers the same. */
  #leave(nowMs: number): void {
    if (this.#from === null || this.#transfer?.finishing === true) return;
    this.#parts.request(this.#from, { type: 'done' });
    this.#sources.passOver(this.#from, nowMs);
    this.stop();
    this.#askNext(nowMs);
  }

  #start(from: MemberId, offer: SnapshotOffer, nowMs: number): void {
    checkOffer(offer);
    if (offer.id.index < this.#wanted) return this.#leave(nowMs);
    const current = this.#transfer;
    if (current?.file.isOf(offer)) {
      // What was asked for may be lost.
      current.requested = current.file.written + current.file.uncounted;
      return this.#advance(current);
    }
    current?.file.close();
    this.#transfer = null;
    const { file: path, files, info } = this.#parts;
    const file = this.#guard(nowMs, () => new IncomingFile(files, path, offer));
    if (file === null) return;
    const resumedAt = file.uncounted;
    info({ from, ...offer.id, bytes: offer.bytes, resumedAt }, `${from} sends the database`);
    this.#transfer = { file, from, requested: resumedAt, early: new Map(), finishing: false };
    this.#count(this.#transfer);
  }

  /** Takes up what an earlier transfer left, a chunk a turn, so that heartbeats are not delayed. */
  #count(transfer: Transfer): void {
    if (this.#transfer !== transfer) return;
    const { file } = transfer;
    if (file.uncounted === 0) return this.#advance(transfer);
    file.countNext();
    this.#parts.clock.later(() => this.#count(transfer), 0);
  }

  #chunk({ index, term }: EntryId, offset: number, data: Uint8Array, nowMs: number): void {
    const transfer = this.#transfer;
    if (transfer === null) return;
    const { file, early, requested } = transfer;
    const { id, bytes } = file.offer;
    const wanted = Math.min(this.#parts.files.chunkBytes, bytes - offset);
    if (index !== id.index || term !== id.term || data.length !== wanted) return;
    if (offset < file.written || offset >= requested) return;
    early.set(offset, data);
    if (this.#guard(nowMs, () => this.#write(transfer)) !== null) this.#advance(transfer);
  }

  #write({ file, early }: Transfer): true {
    for (let at = file.written, data = early.get(at); data !== undefined; data = early.get(at)) {
      file.append(data);
      early.delete(at);
      at = file.written;
    }
    return true;
  }

  /** A full disk here is nobody's fault, and may pass. */
  #guard<T>(nowMs: number, work: () => T): T | null {
    try {
      return work();
    } catch (error) {
      this.#parts.warn(`a database cannot be received: ${messageOf(error)}; it is tried again`);
      for (const id of this.#parts.senders()) this.#sources.passOver(id, nowMs);
      this.#leave(nowMs);
      return null;
    }
  }

  #advance(transfer: Transfer): void {
    const { file, from } = transfer;
    if (file.uncounted > 0) return;
    const { id, bytes } = file.offer;
    const { chunkBytes: length } = this.#parts.files;
    while (transfer.requested < bytes && transfer.requested - file.written < WINDOW * length) {
      this.#parts.request(from, { type: 'read', id, offset: transfer.requested, length });
      transfer.requested += length;
    }
    if (file.complete) this.#finish(transfer);
  }

  /** The whole file goes to the disk, which takes its time; the loop goes on meanwhile. */
  #finish(transfer: Transfer): void {
    if (transfer.finishing) return;
    transfer.finishing = true;
    transfer.file.sync((error) => {
      if (this.#transfer === transfer) this.#finished(transfer, error);
    });
  }

  #finished({ file, from }: Transfer, error: Error | null): void {
    const { warn, request, onReceived } = this.#parts;
    this.#transfer = null;
    this.#from = null;
    this.#lastSender = from;
    request(from, { type: 'done' });
    if (error === null && file.fits) {
      file.finish();
      return onReceived(file.offer);
    }
    file.discard();
    const why = error?.message ?? 'does not have the checksum that was announced';
    if (error === null) this.#sources.wasBad(from);
    warn(`the database received from ${from}: ${why}; it is fetched again`);
  }
}

function checkOffer({ bytes, pageSize }: SnapshotOffer): void {
  if (pageSize >= 512 && bytes > 0 && bytes % pageSize === 0) return;
  throw new PacelineError(
    'RECORD_DAMAGED',
    `a snapshot of ${bytes} bytes in pages of ${pageSize} was offered`,
  );
}
