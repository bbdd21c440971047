import { assert, must } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Identity } from './handshake.ts';
import { Incoming } from './incoming.ts';
import { checkTcpOptions, type TcpLimits, type TcpTransportOptions } from './options.ts';
import { Outgoing } from './outgoing.ts';
import { RefusalLog } from './refusal-log.ts';
import type { Channel, Transport, TransportHandlers } from './transport.ts';

/** A Transport over TCP, which also knows where it listens. */
export interface TcpTransport extends Transport {
  /** `host:port` that this member listens on, with the real port. */
  readonly address: string;
}

/**
 * Listens, and begins to dial every peer. Two members hold two connections: each sends on the one
 * that it dialled, and receives on the one that it accepted, so neither has to agree with the other
 * on which of two to keep. Throws OPTIONS_INVALID, ADDRESS_IN_USE.
 */
export async function openTcpTransport(
  options: TcpTransportOptions,
  handlers: TransportHandlers,
): Promise<TcpTransport> {
  const limits = checkTcpOptions(options);
  const transport = new TcpMesh(options, limits, handlers);
  await transport.open(options.listen);
  return transport;
}

class TcpMesh implements TcpTransport {
  readonly #handlers: TransportHandlers;
  readonly #incoming: Incoming;
  readonly #outgoing = new Map<MemberId, Outgoing>();
  readonly #refusals: RefusalLog;
  #address = '';
  #closing: Promise<void> | null = null;
  /** Outgoing sockets that `close` still waits for, and what to call when there are none. */
  #openOutgoing = 0;
  #onAllClosed: (() => void) | null = null;

  constructor(options: TcpTransportOptions, limits: TcpLimits, handlers: TransportHandlers) {
    const { self, clusterId, secret, members } = options;
    const memberIds = members.map((member) => member.id).sort();
    const identity: Identity = { self, clusterId, memberIds, secret };
    this.#handlers = handlers;
    this.#refusals = new RefusalLog(limits.refusalRepeatMs, (peer, error) =>
      handlers.onRefused(peer, error),
    );
    this.#incoming = new Incoming(identity, limits, {
      onFrame: (from, channel, payload) => this.#received(from, channel, payload),
      onConnect: (peer) => this.#dialBack(peer),
      onDisconnect: (peer, error) => this.#disconnected(peer, error),
      onRefused: (peer, error) => this.#refused(peer, error),
    });
    const events = {
      onConnect: (peer: MemberId) => this.#connected(peer),
      onDisconnect: (peer: MemberId, error: Error | null) => this.#disconnected(peer, error),
      onRefused: (peer: MemberId, error: Error) => this.#refused(peer, error),
      onClosed: () => this.#outgoingClosed(),
    };
    for (const peer of members) {
      if (peer.id === self) continue;
      this.#outgoing.set(peer.id, new Outgoing(identity, peer, limits, events));
    }
  }

  get address(): string {
    return this.#address;
  }

  async open(listen: string): Promise<void> {
    this.#address = await this.#incoming.listen(listen);
    for (const outgoing of this.#outgoing.values()) outgoing.dial();
  }

  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    return this.#peer(to).send(channel, parts);
  }

  queuedBytes(to: MemberId): number {
    return this.#peer(to).queuedBytes;
  }

  isConnected(to: MemberId): boolean {
    return this.#peer(to).isConnected;
  }

  close(): Promise<void> {
    this.#closing ??= Promise.all([this.#incoming.close(), this.#closeOutgoing()]).then(() => {});
    return this.#closing;
  }

  #closeOutgoing(): Promise<void> {
    return new Promise((resolve) => {
      this.#openOutgoing = this.#outgoing.size;
      this.#onAllClosed = resolve;
      if (this.#openOutgoing === 0) resolve();
      for (const outgoing of this.#outgoing.values()) outgoing.close();
    });
  }

  #outgoingClosed(): void {
    this.#openOutgoing -= 1;
    assert(this.#openOutgoing >= 0, 'each outgoing connection closes once');
    if (this.#openOutgoing === 0) this.#onAllClosed?.();
  }

  #peer(id: MemberId): Outgoing {
    return must(this.#outgoing.get(id), `peer ${id}`);
  }

  #received(from: MemberId, channel: Channel, payload: Uint8Array): void {
    if (this.#closing === null) this.#handlers.onFrame(from, channel, payload);
  }

  #connected(peer: MemberId): void {
    this.#refusals.forget(peer);
    if (this.#closing === null) this.#handlers.onConnect(peer);
  }

  /** A peer that can dial us is up: no need to wait for the end of the backoff. */
  #dialBack(peer: MemberId): void {
    if (this.#closing === null) this.#peer(peer).dial();
  }

  #disconnected(peer: MemberId, error: Error | null): void {
    if (this.#closing !== null) return;
    // Damaged bytes are worth a report; a broken or silent connection is everyday business.
    if (error instanceof PacelineError) this.#refused(peer, error);
    this.#handlers.onDisconnect(peer);
  }

  /** An id that is not in the list is a stranger's claim: the error's text names it. */
  #refused(peer: MemberId | null, error: Error): void {
    if (this.#closing !== null) return;
    const known = peer !== null && this.#outgoing.has(peer) ? peer : null;
    this.#refusals.add(known, error, performance.now());
  }
}
