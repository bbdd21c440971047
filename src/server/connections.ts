import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { assert } from '../base/assert.ts';

/**
 * Which connections have requests under way, so that closing can end the others. Node's own
 * closeIdleConnections() leaves out those that were opened and have sent nothing yet.
 */
export class Connections {
  /** Open connections with the number of their requests under way. */
  readonly #requests = new Map<Socket, number>();
  #closing = false;

  constructor(server: Server) {
    server.on('connection', (socket) => {
      this.#requests.set(socket, 0);
      socket.once('close', () => this.#requests.delete(socket));
    });
    server.prependListener('request', ({ socket }, outgoing) => this.#begin(socket, outgoing));
  }

  /** Ends every connection without requests now, and each other one when its requests are answered. */
  closeWhenIdle(): void {
    this.#closing = true;
    for (const [socket, requests] of this.#requests) if (requests === 0) socket.destroySoon();
  }

  #begin(socket: Socket, outgoing: ServerResponse): void {
    this.#requests.set(socket, (this.#requests.get(socket) ?? 0) + 1);
    if (this.#closing) outgoing.setHeader('connection', 'close');
    outgoing.once('close', () => this.#end(socket));
  }

  #end(socket: Socket): void {
    const requests = this.#requests.get(socket);
    if (requests === undefined) return; // the connection went first
    assert(requests > 0, 'a request ended twice');
    this.#requests.set(socket, requests - 1);
    if (this.#closing && requests === 1) socket.destroySoon(); // what was written still goes out
  }
}
