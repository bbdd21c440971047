import type { MemberId } from '../raft/entry.ts';

/** What a frame carries; the transport itself only looks at the kind for statistics. */
export type Channel =
  | 'raft'
  | 'forward'
  | 'forward-reply'
  | 'snapshot'
  | 'snapshot-reply'
  | 'transaction'
  | 'transaction-reply'
  | 'read'
  | 'read-reply';

/** Never called from inside a call of the transport's, nor after `close`. */
export interface TransportHandlers {
  /**
   * `payload` is the receiver's to keep, but may share its memory with other frames: do not transfer
   * its buffer to another thread. A RECORD_DAMAGED error thrown here closes the connection that the
   * frame came on, and is reported as a refusal.
   */
  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): void;
  /** The connection to send to `peer` is up and both sides have proved the secret. */
  onConnect(peer: MemberId): void;
  /**
   * A connection with `peer` closed: a hint that its process may be gone. Once for each connection,
   * so up to twice for a peer that dies: the one to it and the one from it.
   */
  onDisconnect(peer: MemberId): void;
  /**
   * A peer was refused, or refused us: wrong secret, cluster, protocol or list of members; or it
   * sent damaged bytes. `null`: someone whose id is not in the list. The id may be a mere claim.
   */
  onRefused(peer: MemberId | null, error: Error): void;
}

/** Carries frames between members, each at most once, and in order for each peer. May lose and delay them. Never blocks. */
export interface Transport {
  /**
   * Queues a frame; false if it was dropped because the peer is away or its queue is full. The parts
   * are concatenated; they are not copied, so they must not change any more. True is no promise:
   * what is queued when the connection closes is lost.
   */
  send(to: MemberId, channel: Channel, parts: readonly Uint8Array[]): boolean;
  /** Bytes queued for `to` and not yet taken by the kernel. */
  queuedBytes(to: MemberId): number;
  isConnected(to: MemberId): boolean;
  close(): Promise<void>;
}
