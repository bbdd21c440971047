import type { Durability } from '../api/durability.ts';
import { assert } from '../base/assert.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import type { AnswerGate } from './answer-gate.ts';
import {
  decodeForward,
  encodeForwardReply,
  FORWARDED_BYTES_MAX,
  FORWARDED_MAX,
  type ForwardReply,
  type ForwardRequest,
} from './forward-wire.ts';
import type { ForwardAnswer, SqlAnswer } from './protocol.ts';

export interface ForwardedWritesParts {
  readonly self: MemberId;
  /** Whether this member leads and takes writes. */
  readonly accepting: () => boolean;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Tells this member's own forwarding. */
  readonly tellSelf: (reply: ForwardReply) => void;
  /** Gives a write to the SQL thread under our own key. */
  readonly execute: (key: number, bytes: Uint8Array, durability: Durability) => void;
  /** Holds answers back until they are durable. */
  readonly gate: AnswerGate;
}

/** The writes of one member, itself included, as they come. */
interface Stream {
  readonly from: MemberId;
  readonly number: number;
  /** What comes next is this one of the stream. */
  next: number;
  /** Nothing more of it is taken. */
  broken: boolean;
  /** Its member was told so, as far as the connection took it. */
  told: boolean;
  /** Some of it came after that: it may not have been heard. */
  missed: boolean;
}

/** A write that this leader runs for a member. */
interface Incoming extends Pick<ForwardRequest, 'key' | 'durability' | 'timeoutMs'> {
  readonly stream: Stream;
  readonly bytes: number;
}

/** What of one member is with the SQL thread. */
interface Load {
  writes: number;
  bytes: number;
}

/**
 * The leader's side of forwarding. Of each stream it takes what comes in order and without a gap; what it has to refuse ends the
 * stream, so that nothing overtakes it: the member that asks begins another with it.
 */
export class ForwardedWrites {
  readonly #parts: ForwardedWritesParts;
  readonly #streams = new Map<MemberId, Stream>();
  /** With the SQL thread. */
  readonly #running = new Map<number, Incoming>();
  readonly #loads = new Map<MemberId, Load>();
  #nextKey = 1;

  constructor(parts: ForwardedWritesParts) {
    this.#parts = parts;
  }

  /** Writes and bytes of `member` that the SQL thread has not run. */
  load(member: MemberId): Readonly<Load> {
    return this.#loadOf(member);
  }

  onForward(from: MemberId, payload: Uint8Array): void {
    this.take(from, decodeForward(payload));
  }

  take(from: MemberId, request: ForwardRequest): void {
    const stream = this.#streamOf(from, request);
    // It came before.
    if (request.seq < stream.next) return;
    const isNext = request.seq === stream.next && !stream.broken;
    if (!isNext || !this.#parts.accepting() || this.#isFull(from)) return this.#end(stream);
    stream.next += 1;
    this.#run(stream, request);
  }

  /** The SQL thread has run, or refused, the write with our key. */
  executed(key: number, answer: SqlAnswer): void {
    const incoming = this.#running.get(key);
    if (incoming === undefined) return;
    this.#running.delete(key);
    const load = this.#loadOf(incoming.stream.from);
    load.writes -= 1;
    load.bytes -= incoming.bytes;
    assert(load.writes >= 0 && load.bytes >= 0, 'what ends has begun');
    const { position } = answer;
    if ('error' in answer && position === undefined) {
      if (canTryAgain(answer)) this.#end(incoming.stream);
      else this.#reply(incoming, answer);
    } else this.#hold(incoming, answer);
  }

  /** Tells again what a connection did not take, or may have lost. Call now and then. */
  tick(): void {
    for (const stream of this.#streams.values()) {
      if (stream.missed) stream.told = false;
      stream.missed = false;
      if (stream.broken) this.#tell(stream);
    }
  }

  /** This member does not lead any more: what is not answered yet is asked again, of whoever leads then. */
  lostLeadership(): void {
    this.#running.clear();
    this.#loads.clear();
    for (const stream of this.#streams.values()) this.#end(stream);
  }

  /** One whose beginning was not seen here is broken from where it was met. */
  #streamOf(from: MemberId, { stream: number, seq }: ForwardRequest): Stream {
    const known = this.#streams.get(from);
    if (known?.number === number) return known;
    const stream = { from, number, next: seq, broken: seq > 0, told: false, missed: false };
    this.#streams.set(from, stream);
    return stream;
  }

  #isFull(from: MemberId): boolean {
    const { writes, bytes } = this.#loadOf(from);
    return writes >= FORWARDED_MAX || bytes >= FORWARDED_BYTES_MAX;
  }

  #loadOf(from: MemberId): Load {
    const load = this.#loads.get(from) ?? { writes: 0, bytes: 0 };
    this.#loads.set(from, load);
    return load;
  }

  #run(stream: Stream, { key, durability, timeoutMs, bytes }: ForwardRequest): void {
    const ours = this.#nextKey++;
    this.#running.set(ours, { stream, key, durability, timeoutMs, bytes: bytes.length });
    const load = this.#loadOf(stream.from);
    load.writes += 1;
    load.bytes += bytes.length;
    this.#parts.execute(ours, bytes, durability);
  }

  /** A refusal, or that nothing is known, needs no more than not to be undone. */
  #hold(incoming: Incoming, answer: SqlAnswer): void {
    const { position } = answer;
    assert(position !== undefined, 'what is held back has a position');
    const { timeoutMs } = incoming;
    const durability = 'error' in answer ? 'quorum' : incoming.durability;
    this.#parts.gate.hold(position, durability, timeoutMs, (reached) =>
      this.#reply(incoming, 'error' in answer ? answer : { ...answer, reached }),
    );
  }

  /** What is said for what is still on its way is said once: by the next tick. */
  #end(stream: Stream): void {
    stream.broken = true;
    if (stream.told) stream.missed = true;
    else this.#tell(stream);
  }

  #tell(stream: Stream): void {
    if (stream.told) return;
    stream.told = true;
    const { from, number, next } = stream;
    stream.told = this.#send(from, { type: 'broken', stream: number, seq: next });
  }

  /** An answer that the connection has no room for is asked for again. */
  #reply({ stream, key }: Incoming, answer: ForwardAnswer): void {
    const { from, number } = stream;
    if (!this.#send(from, { type: 'answer', stream: number, key, answer })) this.#end(stream);
  }

  #send(to: MemberId, reply: ForwardReply): boolean {
    const { self, send, tellSelf } = this.#parts;
    if (to !== self) return send(to, 'forward-reply', [encodeForwardReply(reply)]);
    tellSelf(reply);
    return true;
  }
}

/** Nothing was done, and another leader, or this one later, can do it. */
function canTryAgain(answer: SqlAnswer): boolean {
  return 'error' in answer && ['NOT_LEADER', 'CLOSED'].includes(answer.error.code);
}
