import type { MemberId } from '../raft/entry.ts';

/** What a frame carries; the transport itself only looks at the kind for statistics. */
export type Channel = 'raft' | 'forward' | 'forward-reply' | 'snapshot' | 'snapshot-reply';

export interface TransportHandlers {
  /** `payload` is owned by the receiver. */
  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void;
  /** The connection to send to `peer` is up and both sides have proved the secret. */
  onConnect(peer: MemberId): void;
  /** A connection with `peer` (either way) closed: a hint that its process may be gone. */
  onDisconnect(peer: MemberId): void;
  /** A peer was refused, or refused us: wrong secret, cluster, protocol or list of members. */
  onRefused(peer: MemberId | null, error: Error): void;
}

/** Carries frames between members. May lose, delay and (after reconnecting) repeat nothing: at most once, in order per peer. Never blocks. */
export interface Transport {
  /** Queues a frame; false if it was dropped because the peer is away or its queue is full. The parts are concatenated. */
  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean;
  /** Bytes queued for `to` and not yet taken by the kernel. */
  queuedBytes(to: MemberId): number;
  isConnected(to: MemberId): boolean;
  close(): Promise<void>;
}
