import { encodeReadAnswer } from '../api/read-wire.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';

/** Reads of other members under way here; more are refused OVERLOADED. */
const SERVED_MAX = 1024;

export interface ForwardedReadsParts {
  /** The leader if it is known and reachable; this member's own id if it leads. */
  readonly leader: () => MemberId | null;
  readonly self: MemberId;
  /** A number that answers to earlier processes of this member do not bear. */
  readonly incarnation: number;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Gives another member's read to the application's thread under our own key. */
  readonly serve: (key: number, bytes: Uint8Array) => void;
  readonly answer: (key: number, bytes: Uint8Array) => void;
}

interface Outgoing {
  readonly key: number;
  readonly bytes: Uint8Array;
  sentTo: MemberId | null;
}

/** Another member's read, by its own numbers. */
interface Served {
  readonly from: MemberId;
  readonly incarnation: number;
  readonly key: number;
}

/** Takes reads that this member cannot serve to the leader, and serves those of others. Repeating a read is harmless. */
export class ForwardedReads {
  readonly #parts: ForwardedReadsParts;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #served = new Map<number, Served>();
  #nextKey = 1;

  constructor(parts: ForwardedReadsParts) {
    this.#parts = parts;
  }

  forward(key: number, bytes: Uint8Array): void {
    const read = { key, bytes, sentTo: null };
    this.#outgoing.set(key, read);
    this.#route(read);
  }

  /** Nobody waits for it any more. */
  cancel(key: number): void {
    this.#outgoing.delete(key);
  }

  /** Sends again what was on its way to someone who does not lead any more. */
  tick(): void {
    const leader = this.#outgoing.size === 0 ? null : this.#parts.leader();
    if (leader === null) return;
    for (const read of this.#outgoing.values()) if (read.sentTo !== leader) this.#route(read);
  }

  /** What was on its way to `member` may be lost with the connection. */
  disconnected(member: MemberId): void {
    for (const read of this.#outgoing.values()) if (read.sentTo === member) read.sentTo = null;
  }

  onRead(from: MemberId, payload: Uint8Array): void {
    const { leader, self, serve } = this.#parts;
    const reader = new ByteReader(payload, 'forwarded read');
    const request = { from, incarnation: reader.u32(), key: reader.u53() };
    if (leader() !== self) return this.#refuse(request, 'NOT_LEADER', 'this member does not lead');
    if (this.#served.size >= SERVED_MAX)
      return this.#refuse(request, 'OVERLOADED', `${SERVED_MAX} reads of others run already`);
    const key = this.#nextKey++;
    this.#served.set(key, request);
    serve(key, reader.raw(reader.remaining).slice());
  }

  /** The read with our key has been served. */
  served(key: number, bytes: Uint8Array): void {
    const request = this.#served.get(key);
    this.#served.delete(key);
    if (request !== undefined) this.#reply(request, bytes);
  }

  onReply(from: MemberId, payload: Uint8Array): void {
    const reader = new ByteReader(payload, 'answer to a forwarded read');
    const isOurs = reader.u32() === this.#parts.incarnation;
    const key = reader.u53();
    const isRefusal = reader.u8() === 1;
    const read = this.#outgoing.get(key);
    if (read === undefined || !isOurs) return;
    if (isRefusal) {
      if (read.sentTo === from) read.sentTo = null;
      return;
    }
    this.#outgoing.delete(key);
    this.#parts.answer(key, reader.raw(reader.remaining).slice());
  }

  #route(read: Outgoing): void {
    const { leader, self, send, incarnation } = this.#parts;
    const to = leader();
    // What this member cannot serve it cannot serve as a leader either: it waits, as it may not lead for long.
    if (to === null || to === self) return;
    const head = new ByteWriter(12).u32(incarnation).u53(read.key).finish();
    if (send(to, 'read', [head, read.bytes])) read.sentTo = to;
  }

  #refuse(request: Served, code: 'NOT_LEADER' | 'OVERLOADED', why: string): void {
    if (code === 'NOT_LEADER') return this.#send(request, 1, new Uint8Array());
    this.#reply(request, encodeReadAnswer({ error: new PacelineError(code, why).toRecord() }));
  }

  #reply(request: Served, bytes: Uint8Array): void {
    this.#send(request, 0, bytes);
  }

  #send({ from, incarnation, key }: Served, refusal: 0 | 1, bytes: Uint8Array): void {
    const head = new ByteWriter(13).u32(incarnation).u53(key).u8(refusal).finish();
    this.#parts.send(from, 'read-reply', [head, bytes]);
  }
}
