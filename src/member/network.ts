import type { MemberId } from '../raft/entry.ts';
import type { Message } from '../raft/message.ts';
import { encodeMessage } from '../transport/message-codec.ts';
import type { Channel, Transport } from '../transport/transport.ts';

/** The transport, once it is there; until then nobody is connected and everything sent is lost. */
export class Network {
  #transport: Transport | null = null;

  attach(transport: Transport): void {
    this.#transport = transport;
  }

  isConnected(member: MemberId): boolean {
    return this.#transport?.isConnected(member) ?? false;
  }

  /** Waiting for the connection to it; bounded by the transport's limits. */
  queuedBytes(member: MemberId): number {
    return this.#transport?.queuedBytes(member) ?? 0;
  }

  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean {
    return this.#transport?.send(to, channel, parts) ?? false;
  }

  sendMessage(message: Message): void {
    this.send(message.to, 'raft', encodeMessage(message));
  }
}
