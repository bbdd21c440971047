import { assert } from '../base/assert.ts';
import type { MemberId } from '../raft/entry.ts';
import { lengthOf } from './frame.ts';
import type { NetworkPolicy } from './memory-policy.ts';
import { Timeline } from './timeline.ts';
import type { Channel, Transport, TransportHandlers } from './transport.ts';

export interface MemoryLimits {
  /** Bytes that may be under way from one member to another; at the limit new frames are dropped. */
  readonly queueBytesMax: number;
  /** From joining, a closed connection or a healed cut until the connection is up (again). */
  readonly connectMs: number;
}

const MEMORY_LIMITS: MemoryLimits = {
  queueBytesMax: 64 * 1024 * 1024, // as over TCP
  connectMs: 5,
};

/** One direction between two members: what one of them sends on. */
interface Link {
  readonly from: MemberId;
  readonly to: MemberId;
  connected: boolean;
  cut: boolean;
  /** Counts connections: what left on an earlier one never arrives. */
  epoch: number;
  bytesUnderWay: number;
  lastArrivalMs: number;
}

/**
 * A network of members in one process, for tests and the simulator. Nothing happens by itself: the
 * owner moves its clock, and every handler runs inside `advanceTo`, in an order that depends on
 * nothing but the calls made and the policy.
 */
export class MemoryNetwork {
  readonly #policy: NetworkPolicy;
  readonly #limits: MemoryLimits;
  readonly #timeline: Timeline;
  readonly #members = new Map<MemberId, TransportHandlers>();
  readonly #links = new Map<MemberId, Map<MemberId, Link>>();

  /** On a timeline of its own, or on one that others share. */
  constructor(
    policy: NetworkPolicy,
    limits: Partial<MemoryLimits> = {},
    timeline: Timeline = new Timeline(),
  ) {
    this.#policy = policy;
    this.#timeline = timeline;
    this.#limits = { ...MEMORY_LIMITS, ...limits };
  }

  get nowMs(): number {
    return this.#timeline.nowMs;
  }

  /** When something happens next; `null`: never, unless somebody acts. */
  get nextAtMs(): number | null {
    return this.#timeline.nextAtMs;
  }

  /** Lets everything happen that is due up to and including `ms`. */
  advanceTo(ms: number): void {
    this.#timeline.advanceTo(ms);
  }

  /**
   * A member starts; it is connected with all that are here, and with those that come. `handlers`:
   * an object of its own for each start, for it tells this one from the one before a crash.
   */
  join(self: MemberId, handlers: TransportHandlers): Transport {
    assert(!this.#members.has(self), `${self} is already here`);
    for (const other of this.#members.keys()) {
      this.#connectLater(this.#link(self, other));
      this.#connectLater(this.#link(other, self));
    }
    this.#members.set(self, handlers);
    return new MemoryTransport(this, self, handlers);
  }

  isHere(id: MemberId): boolean {
    return this.#members.has(id);
  }

  /** The member's process is gone: its peers see their connections close, itself sees nothing. */
  crash(id: MemberId): void {
    assert(this.#members.delete(id), `${id} is not here`);
    for (const link of this.#linksOf(id)) this.#close(link);
  }

  /** Both connections between two members break; they come back by themselves. */
  disconnect(a: MemberId, b: MemberId): void {
    for (const link of [this.#link(a, b), this.#link(b, a)]) {
      this.#close(link);
      this.#connectLater(link);
    }
  }

  /** Frames from one to the other vanish, unnoticed by both, and no connection comes up. */
  cut(from: MemberId, to: MemberId): void {
    this.#link(from, to).cut = true;
  }

  heal(from: MemberId, to: MemberId): void {
    this.#link(from, to).cut = false;
    this.#connectLater(this.#link(from, to));
    this.#connectLater(this.#link(to, from));
  }

  healAll(): void {
    for (const link of this.#allLinks()) if (link.cut) this.heal(link.from, link.to);
  }

  /** For MemoryTransport. */
  isPresent(id: MemberId, handlers: TransportHandlers): boolean {
    return this.#members.get(id) === handlers;
  }

  /** For MemoryTransport. */
  isConnected(from: MemberId, to: MemberId): boolean {
    return this.#link(from, to).connected;
  }

  /** For MemoryTransport. */
  queuedBytes(from: MemberId, to: MemberId): number {
    return this.#link(from, to).bytesUnderWay;
  }

  /** For MemoryTransport. */
  send(from: MemberId, to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    const link = this.#link(from, to);
    const bytes = lengthOf(parts);
    const full = link.bytesUnderWay > 0 && link.bytesUnderWay + bytes > this.#limits.queueBytesMax;
    if (!link.connected || full) return false;
    const { delaysMs, ordered } = this.#policy.route(from, to, channel);
    if (link.cut) return true;
    for (const delayMs of delaysMs) this.#dispatch(link, channel, joined(parts), delayMs, ordered);
    return true;
  }

  #dispatch(
    link: Link,
    channel: Channel,
    payload: Uint8Array,
    delayMs: number,
    ordered: boolean,
  ): void {
    const { epoch } = link;
    const dueMs = this.nowMs + delayMs;
    const atMs = ordered ? Math.max(dueMs, link.lastArrivalMs) : dueMs;
    link.lastArrivalMs = Math.max(atMs, link.lastArrivalMs);
    link.bytesUnderWay += payload.length;
    this.#timeline.at(atMs, () => {
      if (link.epoch !== epoch) return;
      link.bytesUnderWay -= payload.length;
      assert(link.bytesUnderWay >= 0, 'no more arrives than was sent');
      if (!link.cut) this.#members.get(link.to)?.onFrame(link.from, channel, payload);
    });
  }

  #connectLater(link: Link): void {
    this.#timeline.after(this.#limits.connectMs, () => {
      const back = this.#link(link.to, link.from);
      const handlers = this.#members.get(link.from);
      const reachable = this.#members.has(link.to) && !link.cut && !back.cut;
      if (link.connected || handlers === undefined || !reachable) return;
      link.connected = true;
      handlers.onConnect(link.to);
    });
  }

  /** Both ends learn of it as an event of its own, whoever of them is here then. */
  #close(link: Link): void {
    if (!link.connected) return;
    link.connected = false;
    link.epoch += 1;
    link.bytesUnderWay = 0;
    link.lastArrivalMs = this.nowMs;
    const ends = [this.#members.get(link.from), this.#members.get(link.to)];
    const notify = (id: MemberId, handlers: TransportHandlers | undefined, other: MemberId) => {
      if (handlers && this.isPresent(id, handlers)) handlers.onDisconnect(other);
    };
    this.#timeline.after(0, () => {
      notify(link.from, ends[0], link.to);
      notify(link.to, ends[1], link.from);
    });
  }

  #link(from: MemberId, to: MemberId): Link {
    const known = this.#links.get(from)?.get(to);
    if (known !== undefined) return known;
    assert(from !== to, `${from} has no link to itself`);
    const link: Link = {
      from,
      to,
      connected: false,
      cut: false,
      epoch: 0,
      bytesUnderWay: 0,
      lastArrivalMs: 0,
    };
    if (!this.#links.has(from)) this.#links.set(from, new Map());
    this.#links.get(from)!.set(to, link);
    return link;
  }

  #allLinks(): Link[] {
    return [...this.#links.values()].flatMap((links) => [...links.values()]);
  }

  #linksOf(id: MemberId): Link[] {
    return this.#allLinks().filter((link) => link.from === id || link.to === id);
  }
}

/** One member's end of a MemoryNetwork; after a crash or `close` it does nothing any more. */
class MemoryTransport implements Transport {
  readonly #network: MemoryNetwork;
  readonly #self: MemberId;
  readonly #handlers: TransportHandlers;

  constructor(network: MemoryNetwork, self: MemberId, handlers: TransportHandlers) {
    this.#network = network;
    this.#self = self;
    this.#handlers = handlers;
  }

  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    return this.#isOpen && this.#network.send(this.#self, to, channel, parts);
  }

  queuedBytes(to: MemberId): number {
    return this.#isOpen ? this.#network.queuedBytes(this.#self, to) : 0;
  }

  isConnected(to: MemberId): boolean {
    return this.#isOpen && this.#network.isConnected(this.#self, to);
  }

  async close(): Promise<void> {
    if (this.#isOpen) this.#network.crash(this.#self);
  }

  get #isOpen(): boolean {
    return this.#network.isPresent(this.#self, this.#handlers);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(lengthOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
