import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import {
  decodeForwardReply,
  FORWARDED_BYTES_MAX,
  FORWARDED_MAX,
  type ForwardReply,
  type ForwardRequest,
  forwardHead,
} from './forward-wire.ts';
import type { AppToLoop, ForwardAnswer } from './protocol.ts';

/** What forwarding needs of the member around it. */
export interface ForwardingParts {
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
  readonly self: MemberId;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Gives a write to this member itself as the leader; may call `broken` before it returns. */
  readonly take: (request: ForwardRequest) => void;
  readonly answer: (key: number, answer: ForwardAnswer) => void;
  /** The streams of this process have numbers above this one, those of its earlier processes have not. */
  readonly streamsAfter: number;
}

/** A write of this member's application on its way to whoever leads. It has a request id, so sending it twice is safe (I9). */
interface Outgoing extends Omit<Extract<AppToLoop, { type: 'forward' }>, 'type'> {
  /** Its place in the present stream, once it was sent there. */
  seq: number;
  /** A leader may have taken it in an earlier stream. */
  maybeTaken: boolean;
}

/**
 * Brings this member's writes to the leader, in the order of the calls. They go in a numbered stream; a leader that cannot take one
 * takes none behind it in the same stream. Then, and whenever the leader or the connection changes, all that is not answered goes
 * again, from the first, in a new stream. A write stays until it is answered or cancelled. At most `FORWARDED_MAX`
 * are with the leader; the others wait here, where the limits of the handle bound them.
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

  forward(write: Omit<Outgoing, 'seq' | 'maybeTaken'>): void {
    this.#waiting.set(write.key, { ...write, seq: 0, maybeTaken: false });
    // Where more than this one wait, something holds them up that is looked at elsewhere.
    if (this.#waiting.size === 1) this.#pump();
  }

  /** The caller's time is up. Answers what is known: nothing was begun, or nobody can say. */
  cancel(key: number): void {
    const waiting = this.#waiting.get(key);
    const write = waiting ?? this.#sent.get(key);
    if (write === undefined) return;
    this.#remove(write);
    const isUnknown = waiting === undefined || write.maybeTaken;
    const error = isUnknown ? unanswered() : this.#notBegun();
    this.#parts.answer(key, { error: error.toRecord() });
  }

  /** Sends what can be sent now. Call when the leader may have changed, and now and then. */
  reroute(): void {
    if (this.#waiting.size > 0 || this.#sent.size > 0) this.#pump();
  }

  /** What was on its way to `member` may be lost with the connection. */
  disconnected(member: MemberId): void {
    if (this.#to === member) this.#endStream(null);
  }

  onReply(payload: Uint8Array): void {
    this.replied(decodeForwardReply(payload));
  }

  replied(reply: ForwardReply): void {
    // An answer from an earlier stream is as good; one to an earlier process of this member is about another write.
    const isOurs = reply.stream > this.#parts.streamsAfter && reply.stream <= this.#stream;
    if (!isOurs) return;
    if (reply.type === 'broken') this.#broken(reply.stream, reply.seq);
    else this.#answered(reply.key, reply.answer);
  }

  /** The leader took nothing of this stream from `seq` on. It is tried again at the next `reroute`: it may not be ready yet. */
  #broken(stream: number, seq: number): void {
    if (stream === this.#stream) this.#endStream(seq);
  }

  #answered(key: number, answer: ForwardAnswer): void {
    const write = this.#sent.get(key) ?? this.#waiting.get(key);
    if (write === undefined) return;
    this.#remove(write);
    this.#parts.answer(key, answer);
    if (this.#waiting.size > 0 && this.#to !== null) this.#pump();
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
    const stream = this.#stream;
    for (const write of this.#waiting.values()) {
      if (this.#sent.size >= FORWARDED_MAX || this.#sentBytes >= FORWARDED_BYTES_MAX) return;
      if (!this.#deliver(to, { ...write, stream, seq: this.#nextSeq })) return;
      if (this.#stream !== stream) return;
      write.seq = this.#nextSeq++;
      this.#waiting.delete(write.key);
      this.#sent.set(write.key, write);
      this.#sentBytes += write.bytes.length;
    }
  }

  #deliver(to: MemberId, request: ForwardRequest): boolean {
    const { self, send, take } = this.#parts;
    if (to !== self) return send(to, 'forward', [forwardHead(request), request.bytes]);
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
