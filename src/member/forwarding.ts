import type { Durability } from '../api/durability.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import type { AnswerGate } from './answer-gate.ts';
import { decodeForward, decodeReply, encodeReply, forwardHead } from './forward-wire.ts';
import type { ForwardAnswer, SqlAnswer } from './protocol.ts';

/** What forwarding needs of the member around it. */
export interface ForwardingParts {
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
  readonly self: MemberId;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Gives a write to the SQL thread under our own key. */
  readonly execute: (key: number, bytes: Uint8Array, durability: Durability) => void;
  /** Holds answers back until they are durable. */
  readonly gate: AnswerGate;
  readonly answer: (key: number, answer: ForwardAnswer) => void;
}

/** Writes from one other member that this leader has not answered; more are refused OVERLOADED. */
const PER_MEMBER_MAX = 16_384;

/** A write of this member's application on its way to whoever leads. It has a request id, so sending it twice is safe (I9). */
interface Outgoing {
  readonly key: number;
  readonly bytes: Uint8Array;
  readonly durability: Durability;
  sentTo: MemberId | null;
  /** Whether it ever left. */
  sent: boolean;
}

/** A write that this leader runs for a member, itself included. */
interface Incoming {
  readonly from: MemberId;
  readonly key: number;
  readonly durability: Durability;
}

/**
 * Brings writes to the leader, from whichever member they were asked of. On the asking side a write stays until it is
 * answered or cancelled, and goes out again whenever the leader changes.
 */
export class Forwarding {
  readonly #parts: ForwardingParts;
  readonly #outgoing = new Map<number, Outgoing>();
  /** Not answered yet. */
  readonly #incoming = new Map<number, Incoming>();
  readonly #perMember = new Map<MemberId, number>();
  #nextKey = 1;

  constructor(parts: ForwardingParts) {
    this.#parts = parts;
  }

  // --- the asking side

  forward(key: number, bytes: Uint8Array, durability: Durability): void {
    const write = { key, bytes, durability, sentTo: null, sent: false };
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
    const { key, durability, bytes } = write;
    if (to === self) this.#run({ from: self, key, durability }, bytes);
    else if (!send(to, 'forward', [forwardHead({ key, durability }), bytes])) return;
    write.sentTo = to;
    write.sent = true;
  }

  // --- the leader's side

  onForward(from: MemberId, payload: Uint8Array): void {
    const { key, durability, bytes } = decodeForward(payload);
    const request = { from, key, durability };
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
    this.#parts.execute(key, bytes, request.durability);
  }

  /** The SQL thread has run, or refused, the write with our key. */
  executed(key: number, answer: SqlAnswer): void {
    const request = this.#incoming.get(key);
    if (request === undefined) return;
    const { position } = answer;
    if (position !== undefined)
      this.#parts.gate.hold(position, durabilityOf(request, answer), (reached) =>
        this.#finish(key, request, 'error' in answer ? answer : { ...answer, reached }),
      );
    else if ('error' in answer) this.#finish(key, request, answer);
  }

  /** This member does not lead any more: what is not answered yet is asked again, of whoever leads then. */
  lostLeadership(): void {
    const dropped = [...this.#incoming.values()];
    this.#incoming.clear();
    this.#perMember.clear();
    for (const write of dropped) this.#reply(write, refusal('NOT_LEADER', 'leadership moved on'));
  }

  #finish(key: number, request: Incoming, answer: ForwardAnswer): void {
    if (!this.#incoming.delete(key)) return;
    this.#perMember.set(request.from, this.#perMember.get(request.from)! - 1);
    this.#reply(request, answer);
  }

  #reply({ from, key }: Incoming, answer: ForwardAnswer): void {
    const { self, send } = this.#parts;
    if (from === self) this.onReply(self, encodeReply(key, answer));
    else send(from, 'forward-reply', [encodeReply(key, answer)]);
  }
}

/** A refusal, or that nothing is known, needs no more than not to be undone. */
function durabilityOf({ durability }: Incoming, answer: SqlAnswer): Durability {
  return 'error' in answer ? 'quorum' : durability;
}

function refusal(code: 'NOT_LEADER' | 'OVERLOADED', message: string): ForwardAnswer {
  return { error: new PacelineError(code, message).toRecord() };
}

/** Nothing was done, and another leader, or this one later, can do it. */
function tryAgain(answer: ForwardAnswer): boolean {
  return 'error' in answer && ['NOT_LEADER', 'CLOSED'].includes(answer.error.code);
}
