import type { Durability } from '../api/durability.ts';
import { assert } from '../base/assert.ts';
import type { ErrorRecord } from '../base/errors.ts';
import type { EntryId, MemberId } from '../raft/entry.ts';
import type { AnswerGate } from './answer-gate.ts';
import { ForwardReplies, type ForwardRepliesParts } from './forward-replies.ts';
import {
  decodeForward,
  FORWARDED_BYTES_MAX,
  FORWARDED_MAX,
  type ForwardCall,
  type ForwardRequest,
} from './forward-wire.ts';
import { unpackBytes } from './packed-bytes.ts';
import type { ForwardedResults, SqlToLoop } from './protocol.ts';

/** A write for the SQL thread, under our own key. */
export interface ForwardedOrder {
  readonly key: number;
  readonly bytes: Uint8Array;
  readonly durability: Durability;
}

export interface ForwardedWritesParts extends Omit<ForwardRepliesParts, 'unsaid'> {
  /** Whether this member leads and takes writes. */
  readonly accepting: () => boolean;
  /** Gives writes to the SQL thread, to run in this order. */
  readonly execute: (orders: readonly ForwardedOrder[]) => void;
  /** Holds answers back until they are durable. */
  readonly gate: AnswerGate;
}

/** The writes of one member, itself included, as they come. */
export interface Stream {
  readonly from: MemberId;
  readonly number: number;
  /** What comes next is this one of the stream. */
  next: number;
  /** Nothing more of it is taken. */
  broken: boolean;
  /** Its member was told so, as far as is known: the connection may turn out to have no room. */
  told: boolean;
  /** Some of it came after that: it may not have been heard. */
  missed: boolean;
}

/** A write that this leader runs for a member. */
interface Incoming extends Omit<ForwardCall, 'bytes'> {
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
 * stream, so that nothing overtakes it: the member that asks begins another with it. Call `endTurn` after everything else.
 */
export class ForwardedWrites {
  readonly #parts: ForwardedWritesParts;
  readonly #streams = new Map<MemberId, Stream>();
  /** With the SQL thread. */
  readonly #running = new Map<number, Incoming>();
  readonly #loads = new Map<MemberId, Load>();
  readonly #replies: ForwardReplies;
  #nextKey = 1;

  constructor(parts: ForwardedWritesParts) {
    this.#parts = parts;
    const unsaid = (stream: Stream, news: boolean) => this.#unsaid(stream, news);
    this.#replies = new ForwardReplies({ ...parts, unsaid });
  }

  /** Writes and bytes of `member` that the SQL thread has not run. */
  load(member: MemberId): Readonly<Load> {
    return this.#loadOf(member);
  }

  onForward(from: MemberId, payload: Uint8Array): void {
    this.take(from, decodeForward(payload));
  }

  take(from: MemberId, { stream: number, seq, calls }: ForwardRequest): void {
    const stream = this.#streamOf(from, number, seq);
    const orders: ForwardedOrder[] = [];
    for (const [i, call] of calls.entries()) {
      // It came before.
      if (seq + i < stream.next) continue;
      const isNext = seq + i === stream.next && !stream.broken;
      if (!isNext || !this.#parts.accepting() || this.#isFull(from)) {
        this.#end(stream);
        break;
      }
      stream.next += 1;
      orders.push(this.#orderFor(stream, call));
    }
    if (orders.length > 0) this.#parts.execute(orders);
  }

  /** False for what is not about forwarded writes. */
  fromSql(message: SqlToLoop): boolean {
    if (message.type === 'forwarded-results') this.#done(message);
    else if (message.type === 'forwarded-error')
      this.#failed(message.key, message.error, message.position);
    else return false;
    return true;
  }

  /** The SQL thread has run these writes. */
  #done({ position, keys, ...packed }: ForwardedResults): void {
    for (const [i, results] of unpackBytes(packed).entries()) {
      const incoming = this.#ran(keys[i]!);
      if (incoming === null) continue;
      const { stream, key, durability, timeoutMs } = incoming;
      this.#parts.gate.hold(position, durability, timeoutMs, (reached) =>
        this.#replies.done(stream, { key, results }, position, reached),
      );
    }
  }

  /** The SQL thread has refused a write, or SQLite has. */
  #failed(ours: number, error: ErrorRecord, position: EntryId | undefined): void {
    const incoming = this.#ran(ours);
    if (incoming === null) return;
    const { stream, key, timeoutMs } = incoming;
    const tell = () => this.#replies.error(stream, key, error);
    // A refusal, or that nothing is known, needs no more than not to be undone.
    if (position !== undefined) this.#parts.gate.hold(position, 'quorum', timeoutMs, tell);
    else if (canTryAgain(error)) this.#end(stream);
    else tell();
  }

  /** The one that was given to the SQL thread under our key; null if it was given up meanwhile. */
  #ran(ours: number): Incoming | null {
    const incoming = this.#running.get(ours);
    if (incoming === undefined) return null;
    this.#running.delete(ours);
    const load = this.#loadOf(incoming.stream.from);
    load.writes -= 1;
    load.bytes -= incoming.bytes;
    assert(load.writes >= 0 && load.bytes >= 0, 'what ends has begun');
    return incoming;
  }

  /** Tells again what a connection did not take, or may have lost. Call now and then. */
  tick(): void {
    for (const stream of this.#streams.values()) {
      if (stream.missed) stream.told = false;
      stream.missed = false;
      if (stream.broken) this.#tell(stream);
    }
  }

  /** Sends what was to be told. */
  endTurn(): void {
    this.#replies.flush();
  }

  /** This member does not lead any more: what is not answered yet is asked again, of whoever leads then. */
  lostLeadership(): void {
    this.#running.clear();
    this.#loads.clear();
    for (const stream of this.#streams.values()) this.#end(stream);
  }

  /** One whose beginning was not seen here is broken from where it was met. */
  #streamOf(from: MemberId, number: number, seq: number): Stream {
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

  #orderFor(stream: Stream, { key, durability, timeoutMs, bytes }: ForwardCall): ForwardedOrder {
    const ours = this.#nextKey++;
    this.#running.set(ours, { stream, key, durability, timeoutMs, bytes: bytes.length });
    const load = this.#loadOf(stream.from);
    load.writes += 1;
    load.bytes += bytes.length;
    return { key: ours, bytes, durability };
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
    this.#replies.broken(stream);
  }

  /** What the connection had no room for is asked for again, and the member told so when there is room. */
  #unsaid(stream: Stream, news: boolean): void {
    stream.broken = true;
    if (news) stream.told = false;
  }
}

/** Nothing was done, and another leader, or this one later, can do it. */
function canTryAgain({ code }: ErrorRecord): boolean {
  return code === 'NOT_LEADER' || code === 'CLOSED';
}
