import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Prng } from '../../src/base/prng.ts';
import { systemClock } from '../../src/member/clock.ts';
import { diskFiles } from '../../src/member/snapshot-files.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotOffer,
  type SnapshotReplyFrame,
  type SnapshotRequestFrame,
} from '../../src/member/snapshot-frames.ts';
import { SnapshotReceiver } from '../../src/member/snapshot-receiver.ts';
import { SnapshotSender } from '../../src/member/snapshot-sender.ts';
import type { EntryId, MemberId } from '../../src/raft/entry.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { NO_FRAMES } from '../../src/sqlite/live-wal.ts';
import { until } from '../cluster/until.ts';
import type { Scope } from './fixture.ts';

const PAGE_SIZE = 4096;
export const CHUNK_BYTES = 256 * 1024;

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function checksumOf(bytes: Uint8Array) {
  const hasher = new PageHasher();
  const checksum = new DatabaseChecksum();
  for (let pgno = 1; pgno * PAGE_SIZE <= bytes.length; pgno++)
    checksum.replace(
      null,
      hasher.hash(pgno, bytes.subarray((pgno - 1) * PAGE_SIZE, pgno * PAGE_SIZE)),
    );
  return checksum.take();
}

/** A member that can give a database: a real file behind a real sender. */
export class Giver {
  readonly sender: SnapshotSender;
  readonly path: string;
  position: EntryId;
  /** What it was asked to send, in bytes. */
  servedBytes = 0;
  holds = 0;
  /** The number of the last question for a state. */
  asked = 0;
  releases = 0;
  readonly #fds: number[] = [];

  constructor(transfers: Transfers, id: MemberId, position: EntryId, bytes: Uint8Array) {
    this.path = join(transfers.dir, `${id}.db`);
    this.position = position;
    writeFileSync(this.path, bytes);
    this.sender = new SnapshotSender({
      files: diskFiles,
      hold: (ask) => {
        this.asked = ask;
        this.holds++;
      },
      release: () => this.releases++,
      membershipAt: () => [],
      reply: (_, frame) => transfers.replied(id, frame),
      info: () => {},
      warn: (message) => assert.fail(message),
    });
  }

  /** The main file stands still. */
  held(): void {
    const bytes = readFileSync(this.path);
    const fd = openSync(this.path, 'r');
    this.#fds.push(fd);
    const size = { bytes: bytes.length, pageSize: PAGE_SIZE };
    const held = { id: this.position, mainFd: fd, walFd: fd, ...size, ...NO_FRAMES };
    this.sender.onHeld(this.asked, held, checksumOf(bytes));
  }

  onRequest(from: MemberId, frame: SnapshotRequestFrame, nowMs: number): void {
    if (frame.type === 'open') this.sender.open(from, frame.atLeast, nowMs);
    if (frame.type === 'done') this.sender.done(from);
    if (frame.type !== 'read') return;
    this.servedBytes += frame.length;
    this.sender.read(from, frame, nowMs);
  }

  close(): void {
    this.#fds.forEach((fd) => {
      closeSync(fd);
    });
  }
}

/** One receiver, to be restarted at will, and whom it may ask; every frame goes through its encoding and is delivered when the test says so. */
export class Transfers {
  readonly dir = mkdtempSync(join(tmpdir(), 'paceline-transfer-'));
  readonly givers = new Map<MemberId, Giver>();
  /** In the order in which they are preferred. */
  able: MemberId[] = [];
  receiver: SnapshotReceiver;
  readonly received: SnapshotOffer[] = [];
  readonly warnings: string[] = [];
  /** Whom the receiver asked for an offer, in order. */
  readonly asked: MemberId[] = [];
  nowMs = 0;
  #requests: { to: MemberId; bytes: Uint8Array }[] = [];
  #replies: { from: MemberId; bytes: Uint8Array }[] = [];

  constructor(t: Scope) {
    this.receiver = this.#newReceiver();
    t.after(async () => {
      this.receiver.stop();
      for (const giver of this.givers.values()) giver.close();
      rmSync(this.dir, { recursive: true, force: true });
    });
  }

  get file(): string {
    return join(this.dir, 'incoming.db');
  }

  /** A giver whose file has so many chunks; the same seed gives the same content. */
  add(id: MemberId, chunks: number, position: EntryId, seed = 1): Giver {
    const prng = new Prng(seed);
    const words = Uint32Array.from({ length: (chunks * CHUNK_BYTES) / 4 }, () => prng.next());
    const giver = new Giver(this, id, position, new Uint8Array(words.buffer));
    this.givers.set(id, giver);
    this.able.push(id);
    return giver;
  }

  replied(from: MemberId, frame: SnapshotReplyFrame): void {
    this.#replies.push({ from, bytes: concat(encodeSnapshotReply(frame)) });
  }

  want(atLeast = 0): void {
    this.receiver.want(atLeast, this.nowMs);
  }

  /** As after a kill -9: what is on the way is lost. */
  restart(): void {
    this.receiver.stop();
    this.cut();
    this.receiver = this.#newReceiver();
  }

  /** Everything that is on the way is lost. */
  cut(): void {
    this.#requests = [];
    this.#replies = [];
  }

  /** Delivers frames until `enough`; a hold is granted at once. */
  async run(enough: () => boolean): Promise<void> {
    await until('the transfer is there', () => {
      if (!enough()) this.#deliver(enough);
      return enough();
    });
  }

  #deliver(enough: () => boolean): void {
    for (const { to, bytes } of this.#requests.splice(0)) {
      const giver = this.givers.get(to);
      const frame = decodeSnapshotRequest(bytes);
      const { holds } = giver ?? { holds: 0 };
      giver?.onRequest('me', frame, this.nowMs);
      if (giver !== undefined && giver.holds > holds) giver.held();
    }
    while (this.#replies.length > 0 && !enough()) {
      const { from, bytes } = this.#replies.shift()!;
      this.receiver.onReply(from, decodeSnapshotReply(bytes), this.nowMs);
    }
  }

  #newReceiver(): SnapshotReceiver {
    return new SnapshotReceiver({
      ...{ file: this.file, files: diskFiles, clock: systemClock },
      senders: () => this.able,
      request: (to, frame) => {
        if (frame.type === 'open') this.asked.push(to);
        this.#requests.push({ to, bytes: concat(encodeSnapshotRequest(frame)) });
      },
      onReceived: (offer) => this.received.push(offer),
      info: () => {},
      warn: (message) => this.warnings.push(message),
    });
  }
}
