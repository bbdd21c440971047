import type { MemberId } from '../../src/raft/entry.ts';
import type { Channel, TransportHandlers } from '../../src/transport/transport.ts';

export interface Received {
  readonly from: MemberId;
  readonly channel: Channel;
  readonly payload: Uint8Array;
}

/** Handlers that write down everything they are told. */
export class Recorder implements TransportHandlers {
  readonly frames: Received[] = [];
  readonly connects: MemberId[] = [];
  readonly disconnects: MemberId[] = [];
  readonly refusals: { peer: MemberId | null; error: Error }[] = [];

  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void {
    this.frames.push({ from, channel, payload });
  }

  onConnect(peer: MemberId): void {
    this.connects.push(peer);
  }

  onDisconnect(peer: MemberId): void {
    this.disconnects.push(peer);
  }

  onRefused(peer: MemberId | null, error: Error): void {
    this.refusals.push({ peer, error });
  }
}
