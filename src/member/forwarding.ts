import { decodeError, encodeError } from '../api/wire.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { PacelineError } from '../base/errors.ts';
import type { EntryId, Index, MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import type { ForwardAnswer } from './protocol.ts';

/** What forwarding needs of the member around it. */
export interface ForwardingParts {
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
  readonly self: MemberId;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Gives a write to the SQL thread under our own key. */
  readonly execute: (key: number, bytes: Uint8Array) => void;
  readonly answer: (key: number, answer: ForwardAnswer) => void;
}

/** Writes from one other member that this leader has not answered; more are refused OVERLOADED. */
const PER_MEMBER_MAX = 16_384;

/** A write of this member's application on its way to whoever leads. It has a request id, so sending it twice is safe (I9). */
interface Outgoing {
  readonly key: number;
  readonly bytes: Uint8Array;
  sentTo: MemberId | null;
  /** Whether it ever left. */
  sent: boolean;
}

/** A write that this leader runs for a member, itself included. */
interface Incoming {
  readonly from: MemberId;
  readonly key: number;
}

/** Answers wait here until their position is committed. */
interface Waiting extends Incoming {
  readonly position: EntryId;
  readonly answer: ForwardAnswer;
}

/**
 * Brings writes to the leader, from whichever member they were asked of. On the asking side a write stays until it is
 * answered or cancelled, and goes out again whenever the leader changes.
 */
export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #outgoing = new Map<number, Outgoing>();
  readonly #incoming = new Map<number, Incoming>();
  readonly #perMember = new Map<MemberId, number>();
  #waiting: Waiting[] = [];
  #nextKey = 1;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
  }

  // --- the asking side

  forward(key: number, bytes: Uint8Array): void {
    const write = { key, bytes, sentTo: null, sent: false };
    this.#outgoing.set(key, write);
    this.#route(write);
  }

  /** The caller's time is up. Answers what is known: nothing was sent, or nobody can say. */
  cancel(key: number): void {
    const write = this.#outgoing.get(key);
    if (write === undefined) return;
    this.#outgoing.delete(key);
    const error = write.sent
      ? new PacelineError(
          'OUTCOME_UNKNOWN',
          'the write was sent to a leader that did not answer in time: ask again with the same request id',
        )
      : new PacelineError(
          'NO_LEADER',
          'there was no leader in time, and nothing was done: a majority of the members must be up and connected',
        );
    this.#parts.answer(key, { error: error.toRecord() });
  }

  /** Sends again what was on its way to someone who does not lead any more. Call when the leader may have changed, and now and then. */
  reroute(): void {
    if (this.#outgoing.size === 0) return;
    const leader = this.#parts.leader();
    for (const write of this.#outgoing.values()) if (write.sentTo !== leader) this.#route(write);
  }

  /** What was on its way to `member` may be lost with the connection. */
  disconnected(member: MemberId): void {
    for (const write of this.#outgoing.values()) if (write.sentTo === member) write.sentTo = null;
  }

  onReply(from: MemberId, payload: Uint8Array): void {
    const { key, answer } = decodeReply(payload);
    const write = this.#outgoing.get(key);
    if (write === undefined) return;
    if ('error' in answer && tryAgain(answer)) {
      if (write.sentTo === from) write.sentTo = null;
      return;
    }
    this.#outgoing.delete(key);
    this.#parts.answer(key, answer);
  }

  #route(write: Outgoing): void {
    const { leader, self, send } = this.#parts;
    const to = leader();
    if (to === null) return;
    if (to === self) this.#run({ from: self, key: write.key }, write.bytes);
    else if (!send(to, 'forward', [new ByteWriter(8).u53(write.key).finish(), write.bytes])) return;
    write.sentTo = to;
    write.sent = true;
  }

  // --- the leader's side

  onForward(from: MemberId, payload: Uint8Array): void {
    const reader = new ByteReader(payload, 'forwarded write');
    const request = { from, key: reader.u53() };
    const bytes = reader.raw(reader.remaining);
    if (this.#parts.leader() !== this.#parts.self)
      return this.#reply(request, refusal('NOT_LEADER', 'this member does not lead'));
    if ((this.#perMember.get(from) ?? 0) >= PER_MEMBER_MAX)
      return this.#reply(
        request,
        refusal('OVERLOADED', `${PER_MEMBER_MAX} writes of ${from} are waiting already`),
      );
    this.#run(request, bytes);
  }

  #run(request: Incoming, bytes: Uint8Array): void {
    const key = this.#nextKey++;
    this.#incoming.set(key, request);
    this.#perMember.set(request.from, (this.#perMember.get(request.from) ?? 0) + 1);
    this.#parts.execute(key, bytes);
  }

  /** The SQL thread has run, or refused, the write with our key. */
  executed(key: number, answer: ForwardAnswer, commit: Index): void {
    const request = this.#incoming.get(key);
    if (request === undefined) return;
    this.#incoming.delete(key);
    this.#perMember.set(request.from, this.#perMember.get(request.from)! - 1);
    if ('error' in answer || answer.position.index <= commit) this.#reply(request, answer);
    else this.#waiting.push({ ...request, position: answer.position, answer });
  }

  committed(commit: Index): void {
    if (this.#waiting.length === 0) return;
    const ready = this.#waiting.filter((w) => w.position.index <= commit);
    if (ready.length === 0) return;
    this.#waiting = this.#waiting.filter((w) => w.position.index > commit);
    for (const write of ready) this.#reply(write, write.answer);
  }

  /** This member does not lead any more: what is not committed yet is asked again, of whoever leads then. */
  lostLeadership(): void {
    const dropped = [...this.#waiting, ...this.#incoming.values()];
    this.#waiting = [];
    this.#incoming.clear();
    this.#perMember.clear();
    for (const write of dropped) this.#reply(write, refusal('NOT_LEADER', 'leadership moved on'));
  }

  #reply({ from, key }: Incoming, answer: ForwardAnswer): void {
    const { self, send } = this.#parts;
    if (from === self) this.onReply(self, encodeReply(key, answer));
    else send(from, 'forward-reply', [encodeReply(key, answer)]);
  }
}

function refusal(code: 'NOT_LEADER' | 'OVERLOADED', message: string): ForwardAnswer {
  return { error: new PacelineError(code, message).toRecord() };
}

/** Nothing was done, and another leader, or this one later, can do it. */
function tryAgain(answer: ForwardAnswer): boolean {
  return 'error' in answer && ['NOT_LEADER', 'CLOSED'].includes(answer.error.code);
}

function encodeReply(key: number, answer: ForwardAnswer): Uint8Array {
  const writer = new ByteWriter(64).u53(key);
  if ('error' in answer) return writer.u8(0).raw(encodeError(answer.error)).finish();
  const { position, results } = answer;
  return writer.u8(1).u53(position.term).u53(position.index).raw(results).finish();
}

function decodeReply(payload: Uint8Array): { key: number; answer: ForwardAnswer } {
  const reader = new ByteReader(payload, 'reply to a forwarded write');
  const key = reader.u53();
  if (reader.u8() === 0)
    return { key, answer: { error: decodeError(reader.raw(reader.remaining)) } };
  const position = { term: reader.u53(), index: reader.u53() };
  return { key, answer: { position, results: reader.raw(reader.remaining).slice() } };
}
