import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { systemClock } from '../../src/member/clock.ts';
import { Compaction } from '../../src/member/compaction.ts';
import { DatabaseSupply } from '../../src/member/database-supply.ts';
import { DatabaseTracker } from '../../src/member/database-tracker.ts';
import { LoopLog } from '../../src/member/loop-log.ts';
import { LostWrites } from '../../src/member/lost-writes.ts';
import { Network } from '../../src/member/network.ts';
import { resolveOptions } from '../../src/member/options.ts';
import type { Port } from '../../src/member/port.ts';
import type { AppToLoop, LoopToApp, LoopToSql } from '../../src/member/protocol.ts';
import { raftConfig } from '../../src/member/raft-timing.ts';
import { diskFiles } from '../../src/member/snapshot-files.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotReplyFrame,
  type SnapshotRequestFrame,
} from '../../src/member/snapshot-frames.ts';
import { INITIAL_HARD_STATE, type MemberId, ORIGIN } from '../../src/raft/entry.ts';
import type { Message } from '../../src/raft/message.ts';
import { Raft } from '../../src/raft/raft.ts';
import { type ChecksumValue, DatabaseChecksum } from '../../src/redo/checksum.ts';
import { PageHasher } from '../../src/redo/page-hash.ts';
import { NO_FRAMES } from '../../src/sqlite/live-wal.ts';
import type { Channel, Transport } from '../../src/transport/transport.ts';
import { until } from '../cluster/until.ts';

const MEMBERSHIP = ['a', 'b', 'c'].map((id) => ({ id, address: `${id}:1`, voter: true }));
const OPTIONS = resolveOptions({
  dir: 'unused',
  id: 'a',
  members: Object.fromEntries(MEMBERSHIP.map(({ id, address }) => [id, address])),
});
export const PAGE = new Uint8Array(4096).fill(7);
export const CHECKSUM = new PageHasher().hash(1, PAGE).take();
export const AT = { term: 1, index: 300 };
export const HELD = { id: AT, bytes: 4096, pageSize: 4096, mainFd: -1, walFd: -1, ...NO_FRAMES };
export const OFFER: SnapshotReplyFrame = {
  ...{ type: 'offer', id: AT, checksum: CHECKSUM, bytes: PAGE.length, pageSize: 4096 },
  membership: MEMBERSHIP,
};

/** Keeps what is sent; both other members are connected. */
class Sent implements Transport {
  frames: { to: MemberId; channel: Channel; bytes: Uint8Array }[] = [];

  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    this.frames.push({ to, channel, bytes: new Uint8Array(Buffer.concat(parts)) });
    return true;
  }

  /** What was sent on one channel; it is not kept any longer. */
  take(channel: Channel): { to: MemberId; bytes: Uint8Array }[] {
    const taken = this.frames.filter((frame) => frame.channel === channel);
    this.frames = this.frames.filter((frame) => frame.channel !== channel);
    return taken;
  }

  queuedBytes(): number {
    return 0;
  }

  isConnected(): boolean {
    return true;
  }

  async close(): Promise<void> {}
}

/** Member `a`, which follows `c`, with its supply; the test plays the SQL thread and the other members. */
export class Supplied {
  readonly dir = mkdtempSync(join(tmpdir(), 'paceline-supply-'));
  readonly incomingFile = join(this.dir, 'incoming.db');
  readonly posted: LoopToSql[] = [];
  readonly tracker: DatabaseTracker;
  readonly supply: DatabaseSupply;
  readonly #sent = new Sent();
  readonly #raft: Raft;
  nowMs = 0;

  /** Its log begins after `id`, where the database has this checksum. */
  constructor(t: TestContext, id = ORIGIN, checksum: ChecksumValue = new DatabaseChecksum()) {
    const extra = new DatabaseChecksum(checksum).toBytes();
    const base = { id, membership: MEMBERSHIP, extra };
    const onFailure = (error: Error) => assert.fail(error);
    const log = new MemoryLog({ base, hardState: INITIAL_HARD_STATE, onFailure });
    const raft = new Raft(raftConfig(OPTIONS, 1), log, log.hardState);
    const post = (message: LoopToSql) => this.posted.push(message);
    const network = new Network();
    network.attach(this.#sent);
    const app: Port<AppToLoop, LoopToApp> = {
      ...{ post: () => {}, flush: () => {}, listen: () => {}, close: () => {} },
    };
    this.tracker = new DatabaseTracker({
      ...{ log, post, onSuspect: () => {} },
      onUnfit: (why) => this.supply.rebuild(why, false),
    });
    this.supply = new DatabaseSupply({
      lost: new LostWrites({ log, post, loopLog: new LoopLog(app), bytesMax: 1000 }),
      ...{ self: 'a', raft, log, tracker: this.tracker, network, post },
      compaction: new Compaction(log, raft, 1000),
      loopLog: new LoopLog(app),
      incomingFile: this.incomingFile,
      files: diskFiles,
      clock: systemClock,
      turn: (work) => {
        work();
        while (raft.hasReady()) raft.takeReady();
        log.complete();
      },
    });
    this.#raft = raft;
    this.#step({ type: 'heartbeat-request', from: 'c', to: 'a', term: 1, commit: 0, round: 0 });
    t.after(() => {
      this.supply.stop();
      rmSync(this.dir, { recursive: true });
    });
  }

  #step(message: Message): void {
    this.#raft.step(message);
    while (this.#raft.hasReady()) this.#raft.takeReady();
  }

  /** The leader hands over to it, and it wins the vote. */
  elect(): void {
    this.#step({ type: 'timeout-now', from: 'c', to: 'a', term: 1 });
    const vote = { type: 'vote-response', term: 2, preVote: false, granted: true } as const;
    for (const from of ['b', 'c']) this.#step({ ...vote, from, to: 'a' });
    assert.equal(this.#raft.role, 'leader');
  }

  get leads(): boolean {
    return this.#raft.canPropose();
  }

  tick(): void {
    this.supply.tick(++this.nowMs);
  }

  /** What was sent since the last look. */
  requests(): { to: MemberId; frame: SnapshotRequestFrame }[] {
    const sent = this.#sent.take('snapshot');
    return sent.map(({ to, bytes }) => ({ to, frame: decodeSnapshotRequest(bytes) }));
  }

  replies(): { to: MemberId; frame: SnapshotReplyFrame }[] {
    const sent = this.#sent.take('snapshot-reply');
    return sent.map(({ to, bytes }) => ({ to, frame: decodeSnapshotReply(bytes) }));
  }

  reply(from: MemberId, frame: SnapshotReplyFrame): void {
    const bytes = new Uint8Array(Buffer.concat(encodeSnapshotReply(frame)));
    this.supply.onReply(from, bytes, this.nowMs);
  }

  request(from: MemberId, frame: SnapshotRequestFrame): void {
    const bytes = new Uint8Array(Buffer.concat(encodeSnapshotRequest(frame)));
    this.supply.onRequest(from, bytes, this.nowMs);
  }

  /** Receives the database from the member that is asked; the SQL thread is told to put it in place. */
  async receive(): Promise<MemberId> {
    this.tick();
    const [asked] = this.requests();
    assert.equal(asked?.frame.type, 'open');
    const from = asked.to;
    this.reply(from, OFFER);
    this.reply(from, { type: 'chunk', id: AT, offset: 0, data: PAGE });
    const orders = this.installs.length;
    await until('the order to put it in place', () => this.installs.length > orders);
    this.requests();
    return from;
  }

  get installs(): LoopToSql[] {
    return this.posted.filter(({ type }) => type === 'install');
  }
}
