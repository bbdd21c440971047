import { randomBytes } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { formatAddress, parseAddress } from '../base/address.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import { Connection } from './connection.ts';
import { NONCE_BYTES } from './control.ts';
import { AcceptorHandshake, type Identity, notAMember, type Step } from './handshake.ts';
import type { TcpLimits } from './options.ts';
import type { Channel } from './transport.ts';

export interface IncomingEvents {
  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void;
  onConnect(peer: MemberId): void;
  /** An established connection closed; `error`: why, unless the peer just closed it. */
  onDisconnect(peer: MemberId, error: Error | null): void;
  onRefused(peer: MemberId | null, error: Error): void;
}

/** The port that this member listens on, and the connections on which its peers send to it. */
export class Incoming {
  readonly #identity: Identity;
  readonly #limits: TcpLimits;
  readonly #events: IncomingEvents;
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  /** At most one for each peer: a newer one replaces it, for the older may be half open. */
  readonly #established = new Map<MemberId, Connection>();

  constructor(identity: Identity, limits: TcpLimits, events: IncomingEvents) {
    this.#identity = identity;
    this.#limits = limits;
    this.#events = events;
    this.#server = createServer({ keepAlive: true }, (socket) => this.#accept(socket));
  }

  /** The address listened on, with the real port. Throws ADDRESS_IN_USE, OPTIONS_INVALID. */
  listen(address: string): Promise<string> {
    const { host, port } = parseAddress(address);
    return new Promise((resolve, reject) => {
      const refuse = (error: Error) => reject(listenError(address, error));
      this.#server.once('error', refuse);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', refuse);
        // Not being able to accept (no descriptors left) passes; the listener stays.
        this.#server.on('error', (error) => this.#events.onRefused(null, acceptError(error)));
        const bound = this.#server.address();
        const real = typeof bound === 'object' && bound !== null ? bound.port : port;
        resolve(formatAddress({ host, port: real }));
      });
    });
  }

  /** Resolves when the port and all connections are closed. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const connection of this.#connections) connection.fail(null);
    });
  }

  #accept(socket: Socket): void {
    if (this.#connections.size - this.#established.size >= this.#limits.handshakesMax) {
      socket.destroy();
      return;
    }
    const where = socket.remoteAddress ?? 'an unknown address';
    const handshake = new AcceptorHandshake(this.#identity, where, randomBytes(NONCE_BYTES));
    let peer: MemberId | null = null;
    const connection = new Connection(socket, this.#limits, {
      onHandshake: (payload) => {
        const step = handshake.receive(payload);
        if (step.kind === 'established') peer = step.peer;
        this.#take(step, connection);
      },
      onFrame: (channel, payload) => this.#events.onFrame(peer!, channel, payload),
      onClose: (error) => this.#closed(connection, peer, error, where),
    });
    this.#connections.add(connection);
  }

  #take(step: Step, connection: Connection): void {
    switch (step.kind) {
      case 'reply':
        connection.sendControl(step.payload);
        return;
      case 'established':
        if (step.payload !== null) connection.sendControl(step.payload);
        connection.establish();
        this.#established.get(step.peer)?.fail(null);
        this.#established.set(step.peer, connection);
        this.#events.onConnect(step.peer);
        return;
      case 'refused':
        connection.finish(step.payload);
        this.#events.onRefused(step.peer, step.error);
        return;
    }
  }

  #closed(connection: Connection, peer: MemberId | null, error: Error | null, where: string): void {
    this.#connections.delete(connection);
    if (peer === null) {
      if (error instanceof PacelineError) this.#events.onRefused(null, notAMember(where));
      return;
    }
    if (this.#established.get(peer) === connection) this.#established.delete(peer);
    this.#events.onDisconnect(peer, error);
  }
}

function listenError(address: string, error: NodeJS.ErrnoException): PacelineError {
  if (error.code === 'EADDRINUSE') {
    const advice = 'stop the process that does, or listen on another address';
    const message = `another process already listens on ${address}; ${advice}`;
    return new PacelineError('ADDRESS_IN_USE', message, { cause: error });
  }
  const message = `cannot listen on ${address} (${error.message}); give an address of this machine that this user may bind`;
  return new PacelineError('OPTIONS_INVALID', message, { cause: error });
}

function acceptError(error: Error): PacelineError {
  return new PacelineError('IO', `cannot accept a connection: ${error.message}`, { cause: error });
}
