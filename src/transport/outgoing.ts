import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { parseAddress } from '../base/address.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import { Backoff } from './backoff.ts';
import { Connection } from './connection.ts';
import { NONCE_BYTES } from './control.ts';
import { channelCode } from './frame.ts';
import { FrameWriter } from './frame-writer.ts';
import { DiallerHandshake, type Identity, notAMember, type Step } from './handshake.ts';
import type { Peer, TcpLimits } from './options.ts';
import type { Channel } from './transport.ts';

export interface OutgoingEvents {
  onConnect(peer: MemberId): void;
  /** An established connection closed; `error`: why, unless the peer just closed it. */
  onDisconnect(peer: MemberId, error: Error | null): void;
  onRefused(peer: MemberId, error: Error): void;
  /** The last socket is gone; after `close` only. */
  onClosed(): void;
}

/**
 * The connection on which this member sends to one peer. Dials until it is up, and again whenever
 * it goes down; what was queued then is lost.
 */
export class Outgoing {
  readonly #identity: Identity;
  readonly #peer: Peer;
  readonly #limits: TcpLimits;
  readonly #events: OutgoingEvents;
  readonly #backoff: Backoff;
  /** The attempt or connection there is; while there is none, `#redial` waits for the next. */
  #connection: Connection | null = null;
  #redial: NodeJS.Timeout | null = null;
  /** Only while the connection is established. */
  #writer: FrameWriter | null = null;
  #establishedAtMs = 0;
  #refused = false;
  #closing = false;

  constructor(identity: Identity, peer: Peer, limits: TcpLimits, events: OutgoingEvents) {
    this.#identity = identity;
    this.#peer = peer;
    this.#limits = limits;
    this.#events = events;
    this.#backoff = new Backoff(limits.backoffMinMs, limits.backoffMaxMs);
  }

  get isConnected(): boolean {
    return this.#writer !== null;
  }

  get queuedBytes(): number {
    return this.#writer?.queuedBytes ?? 0;
  }

  send(channel: Channel, parts: readonly Uint8Array[]): boolean {
    return this.#writer?.send(channelCode(channel), parts) ?? false;
  }

  /** Dials now instead of after the backoff; nothing if an attempt or a connection is there. */
  dial(): void {
    if (this.#closing || this.#connection !== null) return;
    if (this.#redial !== null) clearTimeout(this.#redial);
    this.#redial = null;
    this.#refused = false;
    const socket = connect({ ...parseAddress(this.#peer.address), keepAlive: true });
    const nonce = randomBytes(NONCE_BYTES);
    const { id, address } = this.#peer;
    const handshake = new DiallerHandshake(this.#identity, id, address, nonce);
    const connection = new Connection(socket, this.#limits, {
      onHandshake: (payload) => {
        const step = handshake.receive(payload);
        if (step.kind === 'established') this.#writer = new FrameWriter(socket, this.#limits);
        this.#take(step, connection);
      },
      onFrame: () => connection.fail(new Error('the acceptor sent a frame')),
      onClose: (error) => this.#closed(error),
    });
    this.#connection = connection;
    connection.sendControl(handshake.start());
  }

  /** `onClosed` follows, at once if there is no socket. */
  close(): void {
    this.#closing = true;
    if (this.#redial !== null) clearTimeout(this.#redial);
    if (this.#connection === null) this.#events.onClosed();
    else this.#connection.fail(null);
  }

  #take(step: Step, connection: Connection): void {
    switch (step.kind) {
      case 'reply':
        connection.sendControl(step.payload);
        return;
      case 'established':
        this.#establishedAtMs = performance.now();
        connection.establish();
        this.#events.onConnect(this.#peer.id);
        return;
      case 'refused':
        connection.finish(step.payload);
        this.#refuse(step.error);
        return;
    }
  }

  #refuse(error: Error): void {
    this.#refused = true;
    this.#events.onRefused(this.#peer.id, error);
  }

  #closed(error: Error | null): void {
    const wasEstablished = this.#writer !== null;
    this.#writer?.stop();
    this.#writer = null;
    this.#connection = null;
    if (this.#closing) {
      this.#events.onClosed();
      return;
    }
    if (!wasEstablished && error instanceof PacelineError)
      this.#refuse(notAMember(this.#peer.address));
    // A connection that did not last must not turn the immediate retry into a busy loop.
    const heldMs = performance.now() - this.#establishedAtMs;
    if (wasEstablished && heldMs >= this.#limits.backoffMaxMs) this.#backoff.reset();
    const random = Math.random();
    const waitMs = this.#refused ? this.#backoff.longest(random) : this.#backoff.next(random);
    this.#redial = setTimeout(() => this.dial(), waitMs);
    if (wasEstablished) this.#events.onDisconnect(this.#peer.id, error);
  }
}
