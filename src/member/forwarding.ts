import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import {
  decodeForwardReplies,
  encodeForward,
  FORWARD_FRAME_BYTES_MAX,
  FORWARDED_BYTES_MAX,
  FORWARDED_MAX,
  type ForwardCall,
  type ForwardReply,
  type ForwardRequest,
} from './forward-wire.ts';
import { packBytes } from './packed-bytes.ts';
import type { LeaderAnswer } from './protocol.ts';

/** What forwarding needs of the member around it. */
export interface ForwardingParts {
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
  readonly self: MemberId;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Gives writes to this member itself as the leader. */
  readonly take: (request: ForwardRequest) => void;
  readonly answer: (answer: LeaderAnswer) => void;
  /** The streams of this process have numbers above this one, those of its earlier processes have not. */
  readonly streamsAfter: number;
}

/** A write of this member's application on its way to whoever leads. It has a request id, so sending it twice is safe (I9). */
interface Outgoing extends ForwardCall {
  /** Its place in the present stream, once it was sent there. */
  seq: number;
  /** A leader may have taken it in an earlier stream. */
  maybeTaken: boolean;
}

/**
 * Brings this member's writes to the leader, in the order of the calls. They go in a numbered stream, in frames of what waits; a
 * leader that cannot take one takes none behind it in the same stream. Then, and whenever the leader or the connection changes, all
 * that is not answered goes again, from the first, in a new stream. A write stays until it is answered or cancelled. At most
 * `FORWARDED_MAX` are with the leader; the others wait here, where the limits of the handle bound them.
 */
export class Forwarding {
  readonly #parts: ForwardingParts;
  #stream: number;
  #nextSeq = 0;
  /** Where the present stream goes; null: it has not begun. */
  #to: MemberId | null = null;
  /** Sent in the present stream, and behind them those that are not; both in the order of the calls. */
  #sent = new Map<number, Outgoing>();
  #waiting = new Map<number, Outgoing>();
  #sentBytes = 0;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
    this.#stream = parts.streamsAfter + 1;
  }

  /** Writes at the leader that are not answered, as far as this member knows. */
  get sent(): number {
    return this.#sent.size;
  }

  forward(calls: readonly ForwardCall[]): void {
    // Where some wait already, something holds them up that is looked at elsewhere.
    const isHeldUp = this.#waiting.size > 0;
    for (const { key, durability, timeoutMs, bytes } of calls)
      this.#waiting.set(key, { key, durability, timeoutMs, bytes, seq: 0, maybeTaken: false });
    if (!isHeldUp) this.#pump();
  }

  /** The caller's time is up. Answers what is known: nothing was begun, or nobody can say. */
  cancel(key: number): void {
    const waiting = this.#waiting.get(key);
    const write = waiting ?? this.#sent.get(key);
    if (write === undefined) return;
    this.#remove(write);
    const isUnknown = waiting === undefined || write.maybeTaken;
    const error = isUnknown ? unanswered() : this.#notBegun();
    this.#parts.answer({ type: 'forwarded-error', key, error: error.toRecord() });
  }

  /** Sends what can be sent now. Call when the leader may have changed, and now and then. */
  reroute(): void {
    if (this.#waiting.size > 0 || this.#sent.size > 0) this.#pump();
  }

  /** What was on its way to `member` may be lost with the connection. */
  disconnected(member: MemberId): void {
    if (this.#to === member) this.#endStream(null);
  }

  onReplies(payload: Uint8Array): void {
    this.replied(decodeForwardReplies(payload));
  }

  replied(replies: readonly ForwardReply[]): void {
    for (const reply of replies) {
      // An answer from an earlier stream is as good; one to an earlier process of this member is about another write.
      const isOurs = reply.stream > this.#parts.streamsAfter && reply.stream <= this.#stream;
      if (isOurs) this.#take(reply);
    }
    if (this.#waiting.size > 0 && this.#to !== null) this.#pump();
  }

  #take(reply: ForwardReply): void {
    if (reply.type === 'broken') {
      // The leader took nothing of it from `seq` on. It is tried again at the next `reroute`: it may not be ready yet.
      if (reply.stream === this.#stream) this.#endStream(reply.seq);
    } else if (reply.type === 'error') {
      const { key, error } = reply;
      if (this.#answered(key)) this.#parts.answer({ type: 'forwarded-error', key, error });
    } else {
      const { position, reached } = reply;
      const done = reply.done.filter(({ key }) => this.#answered(key));
      if (done.length === 0) return;
      const keys = done.map(({ key }) => key);
      const packed = packBytes(done.map(({ results }) => results));
      this.#parts.answer({ type: 'forwarded-results', position, reached, keys, ...packed });
    }
  }

  /** Whether it still waited for an answer. */
  #answered(key: number): boolean {
    const write = this.#sent.get(key) ?? this.#waiting.get(key);
    if (write !== undefined) this.#remove(write);
    return write !== undefined;
  }

  #remove(write: Outgoing): void {
    if (this.#sent.delete(write.key)) this.#sentBytes -= write.bytes.length;
    else this.#waiting.delete(write.key);
  }

  /** Of what was sent, the leader may have what lies before `refusedFrom`, or, where that is null, everything. */
  #endStream(refusedFrom: number | null): void {
    for (const write of this.#sent.values())
      if (refusedFrom === null || write.seq < refusedFrom) write.maybeTaken = true;
    this.#waiting = new Map([...this.#sent, ...this.#waiting]);
    this.#sent = new Map();
    this.#sentBytes = 0;
    this.#stream += 1;
    this.#nextSeq = 0;
    this.#to = null;
  }

  #pump(): void {
    const to = this.#parts.leader();
    if (to === null) return;
    if (this.#to !== to && this.#to !== null) this.#endStream(null);
    this.#to = to;
    for (;;) {
      const writes = this.#nextFrame();
      if (writes.length === 0) return;
      const request = { stream: this.#stream, seq: this.#nextSeq, calls: writes };
      if (!this.#deliver(to, request)) return;
      for (const write of writes) this.#noteSent(write);
    }
  }

  /** The first that wait, as many as a frame and the leader take; one that is larger than a frame goes alone. */
  #nextFrame(): Outgoing[] {
    const writes: Outgoing[] = [];
    let bytes = 0;
    for (const write of this.#waiting.values()) {
      if (this.#sent.size + writes.length >= FORWARDED_MAX) break;
      if (this.#sentBytes + bytes >= FORWARDED_BYTES_MAX) break;
      bytes += write.bytes.length;
      if (writes.length > 0 && bytes > FORWARD_FRAME_BYTES_MAX) break;
      writes.push(write);
    }
    return writes;
  }

  #noteSent(write: Outgoing): void {
    write.seq = this.#nextSeq++;
    this.#waiting.delete(write.key);
    this.#sent.set(write.key, write);
    this.#sentBytes += write.bytes.length;
  }

  #deliver(to: MemberId, request: ForwardRequest): boolean {
    const { self, send, take } = this.#parts;
    if (to !== self) return send(to, 'forward', [encodeForward(request)]);
    take(request);
    return true;
  }

  #notBegun(): PacelineError {
    if (this.#parts.leader() === null)
      return new PacelineError(
        'NO_LEADER',
        'there was no leader in time, and nothing was done: a majority of the members must be up and connected',
      );
    const message = 'the write waited for its turn until its time was up, and was not begun';
    return new PacelineError('TIMED_OUT', message);
  }
}

function unanswered(): PacelineError {
  return new PacelineError(
    'OUTCOME_UNKNOWN',
    'the write was sent to a leader that did not answer in time: ask again with the same request id',
  );
}
