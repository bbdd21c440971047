import type { LogStore } from '../log-store/log-store.ts';
import type { Index, MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Ready } from '../raft/ready.ts';
import type { Channel } from '../transport/transport.ts';
import type { Clock } from './clock.ts';
import { CopyAge } from './copy-age.ts';
import { ForwardedReads } from './forwarded-reads.ts';
import { LeaderLease } from './leader-lease.ts';
import type { Network } from './network.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import { leaseMs } from './raft-timing.ts';
import { ReadIndexes } from './read-indexes.ts';
import type { SharedState } from './shared-state.ts';

export interface LoopReadsParts {
  readonly options: MemberOptions;
  /** See `LoopParts`. */
  readonly incarnation: number;
  readonly raft: Raft;
  readonly log: LogStore;
  readonly shared: SharedState;
  readonly clock: Clock;
  readonly app: Port<AppToLoop, LoopToApp>;
  readonly network: Network;
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
}

type ReadType =
  | 'read-index'
  | 'cancel-read-index'
  | 'forward-read'
  | 'cancel-forward-read'
  | 'served-read';
type FromApp = Extract<AppToLoop, { type: ReadType }>;

/** What the loop does for this member's reads: asks the leader for them, and keeps what they look at up to date. */
export class LoopReads {
  readonly #parts: LoopReadsParts;
  readonly #indexes: ReadIndexes;
  readonly #age: CopyAge;
  readonly #forwarded: ForwardedReads;
  readonly #takeBack = new Map<number, () => void>();

  constructor(parts: LoopReadsParts) {
    const { options, raft, log, shared, clock } = parts;
    const now = () => clock.now();
    const lease = new LeaderLease(raft, now, (ticks) => leaseMs(options, ticks));
    this.#parts = parts;
    this.#indexes = new ReadIndexes(raft, now, lease);
    this.#age = new CopyAge(this.#indexes, shared, now, options.heartbeatMs);
    this.#forwarded = new ForwardedReads({
      self: options.id,
      incarnation: parts.incarnation,
      leader: parts.leader,
      send: (to, channel, frame) => parts.network.send(to, channel, frame),
      serve: (key, bytes) => parts.app.post({ type: 'serve-read', key, bytes }),
      answer: (key, bytes) => parts.app.post({ type: 'forwarded-read', key, bytes }),
    });
    shared.noteTerms(log, raft.commit);
  }

  fromApp(message: FromApp): void {
    switch (message.type) {
      case 'read-index':
        return this.#ask(message.key);
      case 'cancel-read-index':
        return this.#cancel(message.key);
      case 'forward-read':
        return this.#forwarded.forward(message.key, message.bytes);
      case 'cancel-forward-read':
        return this.#forwarded.cancel(message.key);
      case 'served-read':
        return this.#forwarded.served(message.key, message.bytes);
    }
  }

  /** False for a frame of another channel. Throws RECORD_DAMAGED. */
  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): boolean {
    if (channel === 'read') this.#forwarded.onRead(from, payload);
    else if (channel === 'read-reply') this.#forwarded.onReply(from, payload);
    else return false;
    return true;
  }

  onDisconnect(peer: MemberId): void {
    this.#forwarded.disconnected(peer);
  }

  #ask(key: number): void {
    let isAnswered = false;
    const takeBack = this.#indexes.ask((index: Index) => {
      isAnswered = true;
      this.#takeBack.delete(key);
      this.#parts.app.post({ type: 'read-index', key, index });
    });
    if (!isAnswered) this.#takeBack.set(key, takeBack);
  }

  #cancel(key: number): void {
    this.#takeBack.get(key)?.();
    this.#takeBack.delete(key);
  }

  /** Call before the commit index is told to anybody. */
  note(ready: Ready): void {
    const { shared, log } = this.#parts;
    shared.noteTerms(log, ready.commit);
    this.#indexes.note(ready);
  }

  tick(): void {
    this.#indexes.tick();
    this.#age.tick();
    this.#forwarded.tick();
  }

  /** For the end of a turn. `applied`: what the database has, as far as the loop knows. */
  endTurn(applied: Index): void {
    this.#age.applied(applied);
    if (this.#parts.shared.takeNews()) this.#parts.app.post({ type: 'news' });
  }
}
