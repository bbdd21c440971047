import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { EntryId, MemberId } from '../raft/entry.ts';
import { DatabaseChecksum, lockBytePage } from '../redo/checksum.ts';
import { PageHasher } from '../redo/page-hash.ts';
import type { Clock } from './clock.ts';
import type { IncomingFile, SnapshotFiles } from './snapshot-files.ts';
import type { SnapshotOffer, SnapshotReplyFrame, SnapshotRequestFrame } from './snapshot-frames.ts';

/** One request; large enough that round trips do not count, small enough to pass between heartbeats. A multiple of every page size. */
const CHUNK_BYTES = 256 * 1024;
/** Requests on the way at a time. */
const WINDOW = 4;
/** Without a reply for so long the request is made again. */
const SILENCE_MS_MAX = 2_000;

export interface SnapshotReceiverParts {
  /** Path of the file that is being received; beside it `.json` says what it is. */
  readonly file: string;
  readonly files: SnapshotFiles;
  readonly clock: Clock;
  readonly request: (to: MemberId, frame: SnapshotRequestFrame) => void;
  /** The file is complete, on disk, and has the offered checksum. */
  readonly onReceived: (offer: SnapshotOffer) => void;
  readonly warn: (message: string) => void;
}

/** A transfer under way: chunks are written in order, so the file's size says how far it came. */
interface Transfer {
  readonly offer: SnapshotOffer;
  readonly file: IncomingFile;
  written: number;
  requested: number;
  /** Of the pages written so far. */
  readonly checksum: DatabaseChecksum;
  readonly early: Map<number, Uint8Array>;
  /** All is there, and on its way to the disk. */
  finishing: boolean;
}

/**
 * Fetches the main database file of the leader. A transfer that broke goes on where it stopped, also after a restart, if
 * the leader still offers the same; otherwise it begins anew. (Here is the place to ask only for pages that differ.)
 */
export class SnapshotReceiver {
  readonly #parts: SnapshotReceiverParts;
  #from: MemberId | null = null;
  #transfer: Transfer | null = null;
  #lastHeardMs = 0;
  readonly #hasher = new PageHasher();

  constructor(parts: SnapshotReceiverParts) {
    this.#parts = parts;
  }

  get active(): boolean {
    return this.#from !== null;
  }

  get progress(): { readonly receivedBytes: number; readonly totalBytes: number } | null {
    if (this.#transfer === null) return null;
    return { receivedBytes: this.#transfer.written, totalBytes: this.#transfer.offer.bytes };
  }

  /** Begins, or goes on, fetching from `from`. */
  fetch(from: MemberId, nowMs: number): void {
    if (this.#from === from && nowMs - this.#lastHeardMs < SILENCE_MS_MAX) return;
    this.#from = from;
    this.#lastHeardMs = nowMs;
    this.#parts.request(from, { type: 'open' });
  }

  /** Asks again where the sender has fallen silent. */
  tick(nowMs: number): void {
    if (this.#from === null || nowMs - this.#lastHeardMs < SILENCE_MS_MAX) return;
    this.#lastHeardMs = nowMs;
    this.#parts.request(this.#from, { type: 'open' });
  }

  onReply(from: MemberId, frame: SnapshotReplyFrame, nowMs: number): void {
    if (from !== this.#from) return;
    this.#lastHeardMs = nowMs;
    if (frame.type === 'offer') this.#start(frame);
    else if (frame.type === 'chunk') this.#chunk(frame.id, frame.offset, frame.data);
    // After "gone" the silence limit makes it ask again.
  }

  stop(): void {
    this.#from = null;
    this.#drop();
  }

  #drop(): void {
    if (this.#transfer !== null) this.#transfer.file.close();
    this.#transfer = null;
  }

  #start(offer: SnapshotOffer): void {
    checkOffer(offer);
    const current = this.#transfer;
    if (current !== null && describe(current.offer) === describe(offer)) {
      current.requested = Math.min(current.requested, current.written);
      return this.#advance(current);
    }
    this.#drop();
    const { file: path, files } = this.#parts;
    const resume = files.exists(path) && files.readText(`${path}.json`) === describe(offer);
    if (!resume) {
      files.remove(path);
      files.writeText(`${path}.json`, describe(offer));
    }
    const file = files.open(path, !resume);
    // Only whole chunks count: the last one may be torn.
    const there = resume
      ? Math.floor(Math.min(file.bytes, offer.bytes) / CHUNK_BYTES) * CHUNK_BYTES
      : 0;
    const transfer = {
      offer,
      file,
      written: 0,
      requested: there,
      checksum: new DatabaseChecksum(),
      early: new Map(),
      finishing: false,
    };
    this.#transfer = transfer;
    this.#takeStock(transfer, there);
  }

  /** Takes up what an earlier transfer left, a chunk a turn, so that heartbeats are not delayed. */
  #takeStock(transfer: Transfer, there: number): void {
    if (this.#transfer !== transfer) return;
    if (transfer.written === there) return this.#advance(transfer);
    const chunk = new Uint8Array(CHUNK_BYTES);
    const got = transfer.file.read(chunk, transfer.written);
    assert(got === chunk.length, 'a whole chunk is there');
    this.#count(transfer, chunk);
    this.#parts.clock.later(() => this.#takeStock(transfer, there), 0);
  }

  #count(transfer: Transfer, data: Uint8Array): void {
    const { pageSize } = transfer.offer;
    for (let at = 0; at < data.length; at += pageSize) {
      const pgno = (transfer.written + at) / pageSize + 1;
      if (pgno === lockBytePage(pageSize)) continue;
      transfer.checksum.replace(null, this.#hasher.hash(pgno, data.subarray(at, at + pageSize)));
    }
    transfer.written += data.length;
  }

  #chunk(id: EntryId, offset: number, data: Uint8Array): void {
    const transfer = this.#transfer;
    if (
      transfer === null ||
      id.index !== transfer.offer.id.index ||
      id.term !== transfer.offer.id.term
    )
      return;
    const wanted = Math.min(CHUNK_BYTES, transfer.offer.bytes - offset);
    if (offset < transfer.written || offset >= transfer.requested || data.length !== wanted) return;
    transfer.early.set(offset, data);
    for (
      let next = transfer.early.get(transfer.written);
      next !== undefined;
      next = transfer.early.get(transfer.written)
    ) {
      transfer.file.write(next, transfer.written);
      transfer.early.delete(transfer.written);
      this.#count(transfer, next);
    }
    this.#advance(transfer);
  }

  #advance(transfer: Transfer): void {
    const { offer } = transfer;
    assert(this.#from !== null, 'somebody to ask');
    while (
      transfer.requested < offer.bytes &&
      transfer.requested - transfer.written < WINDOW * CHUNK_BYTES
    ) {
      this.#parts.request(this.#from, {
        type: 'read',
        id: offer.id,
        offset: transfer.requested,
        length: CHUNK_BYTES,
      });
      transfer.requested += CHUNK_BYTES;
    }
    if (transfer.written >= offer.bytes) this.#finish(transfer, this.#from);
  }

  /** The whole file goes to the disk, which takes its time; the loop goes on meanwhile. */
  #finish(transfer: Transfer, from: MemberId): void {
    if (transfer.finishing) return;
    transfer.finishing = true;
    transfer.file.sync((error) => {
      if (this.#transfer === transfer) this.#finished(transfer, from, error);
    });
  }

  #finished({ offer, checksum }: Transfer, from: MemberId, error: Error | null): void {
    const { file, files, warn, request, onReceived } = this.#parts;
    this.#drop();
    files.remove(`${file}.json`);
    if (error !== null || !checksum.equals(offer.checksum)) {
      const why = error?.message ?? 'does not have the checksum that was announced';
      files.remove(file);
      warn(`the database received from ${from}: ${why}; it is fetched again`);
      return;
    }
    this.#from = null;
    request(from, { type: 'done', id: offer.id });
    onReceived(offer);
  }
}

function checkOffer({ bytes, pageSize }: SnapshotOffer): void {
  if (pageSize >= 512 && bytes > 0 && bytes % pageSize === 0) return;
  throw new PacelineError(
    'RECORD_DAMAGED',
    `a snapshot of ${bytes} bytes in pages of ${pageSize} was offered`,
  );
}

function describe({ id, checksum, bytes }: SnapshotOffer): string {
  return JSON.stringify({ id, checksum: new DatabaseChecksum(checksum).toHex(), bytes });
}
