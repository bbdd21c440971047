import { connect, createServer, type Server, type Socket } from 'node:net';
import { parseAddress } from '../../src/base/address.ts';
import { type ControlMessage, decodeControl, encodeControl } from '../../src/transport/control.ts';
import { CONTROL, frameHeader } from '../../src/transport/frame.ts';
import { FrameParser } from '../../src/transport/frame-parser.ts';
import {
  AcceptorHandshake,
  DiallerHandshake,
  type Identity,
} from '../../src/transport/handshake.ts';

/** The other end of a connection in the hands of a test: it says only what it is told to say. */
export class RawPeer {
  readonly socket: Socket;
  readonly received: ControlMessage[] = [];
  closed = false;

  constructor(socket: Socket, onControl: (payload: Uint8Array) => void = () => {}) {
    this.socket = socket;
    const parser = new FrameParser(1 << 20, (channel, payload) => {
      if (channel !== CONTROL) return;
      this.received.push(decodeControl(payload));
      onControl(payload);
    });
    socket.on('data', (chunk) => parser.feed(chunk));
    // A reset is one of the ways in which the other side may close.
    socket.on('error', () => {
      this.closed = true;
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  say(message: ControlMessage): void {
    this.sayFrame(CONTROL, encodeControl(message));
  }

  sayFrame(channel: number, payload: Uint8Array): void {
    this.socket.write(frameHeader(channel, [payload], payload.length));
    this.socket.write(payload);
  }
}

/** Connects; nothing is said yet. */
export function dialRaw(address: string): RawPeer {
  return new RawPeer(connect(parseAddress(address)));
}

/** Connects and goes through the handshake as `identity`. */
export function dialAs(identity: Identity, target: string, address: string): RawPeer {
  const handshake = new DiallerHandshake(identity, target, address, new Uint8Array(32).fill(1));
  const peer: RawPeer = new RawPeer(connect(parseAddress(address)), (payload) => {
    if (decodeControl(payload).kind === 'alive') return;
    const step = handshake.receive(payload);
    if (step.payload !== null) peer.sayFrame(CONTROL, step.payload);
  });
  peer.sayFrame(CONTROL, handshake.start());
  return peer;
}

/** Listens at `address`, and hands every connection to `onPeer`. */
export function listenRaw(address: string, onPeer: (peer: RawPeer) => void): Promise<Server> {
  return listen(address, (socket) => onPeer(new RawPeer(socket)));
}

/** Listens at `address` and accepts members as `identity`; says nothing after the welcome. */
export function acceptAs(
  identity: Identity,
  address: string,
  onPeer: (peer: RawPeer) => void,
): Promise<Server> {
  return listen(address, (socket) => {
    const handshake = new AcceptorHandshake(identity, 'a test', new Uint8Array(32).fill(2));
    const peer: RawPeer = new RawPeer(socket, (payload) => {
      if (decodeControl(payload).kind === 'alive') return;
      const step = handshake.receive(payload);
      if (step.payload !== null) peer.sayFrame(CONTROL, step.payload);
      if (step.kind === 'established') onPeer(peer);
    });
  });
}

function listen(address: string, onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(parseAddress(address), () => resolve(server));
  });
}
