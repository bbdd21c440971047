import type { Durability } from '../api/durability.ts';
import { decodeStep, encodeStep } from '../api/transaction-wire.ts';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from '../transport/transport.ts';
import type { AnswerGate } from './answer-gate.ts';
import {
  decodeTransactionReply,
  decodeTransactionRequest,
  encodeTransactionReply,
  encodeTransactionRequest,
  type TransactionReply,
  type TransactionRequest,
} from './forward-wire.ts';
import type {
  AppToLoop,
  ForwardAnswer,
  LoopToApp,
  LoopToSql,
  SqlAnswer,
  TransactionRef,
} from './protocol.ts';
import { aborted } from './transaction-errors.ts';

export interface RelayParts {
  readonly self: MemberId;
  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  readonly leader: () => MemberId | null;
  /** The leader as far as is known, reachable or not. */
  readonly knownLeader: () => MemberId | null;
  readonly send: (to: MemberId, channel: Channel, parts: readonly Uint8Array[]) => boolean;
  /** Whether a commit at this level may be acknowledged before it is committed. */
  readonly mayBeLost: (durability: Durability) => boolean;
  readonly toSql: (message: LoopToSql) => void;
  readonly toApp: (message: LoopToApp) => void;
  readonly gate: AnswerGate;
  /** For so long the answer to a commit is held back until it is as durable as was asked for; then the caller has to ask. */
  readonly answerMs: number;
}

type AskedStep = Extract<AppToLoop, { type: 'transaction' }>;

/** A transaction of this member's application. */
interface Asked {
  readonly name: string;
  readonly first: AskedStep;
  /** Its first step, until that is answered: nothing has happened so far, so another leader may be asked. */
  beginning: AskedStep | null;
  /** The leader that has it. */
  at: MemberId | null;
  /** Its commit or roll-back, once asked. */
  lastKey: number | null;
}

const ROLL_BACK = encodeStep({ type: 'roll-back' });

/** A step that this leader has not answered. */
interface Incoming extends TransactionRef {
  readonly key: number;
  readonly durability: Durability;
}

/**
 * Carries interactive transactions between the member that asked for one and the leader that runs it. Its steps are for
 * that leader only: when leadership or a connection is lost, the transaction is, and its caller told so. What became
 * of a COMMIT that was under way then is asked by its request id, by the caller's thread.
 */
export class TransactionRelay {
  readonly #parts: RelayParts;
  readonly #asked = new Map<string, Asked>();
  readonly #incoming = new Map<string, Incoming>();

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  // --- the asking side

  ask(step: AskedStep): void {
    const known = this.#asked.get(step.name);
    if (known === undefined) {
      const { name } = step;
      const asked = { name, first: step, beginning: step, at: null, lastKey: null };
      this.#asked.set(step.name, asked);
      this.#begin(asked);
      return;
    }
    if (step.last) known.lastKey = step.key;
    if (known.at === null || !this.#deliver(known.at, step))
      this.#lose(known, 'the connection to the leader does not take any more');
  }

  /** Its caller does not wait any more. */
  forget(name: string): void {
    const asked = this.#asked.get(name);
    if (asked === undefined) return;
    this.#asked.delete(name);
    if (asked.at === null) return;
    this.#deliver(asked.at, { ...asked.first, bytes: ROLL_BACK, last: true });
  }

  /** Call when the leader may have changed, and now and then. */
  reroute(): void {
    if (this.#asked.size === 0) return;
    const { leader, knownLeader } = this.#parts;
    for (const asked of this.#asked.values()) {
      if (asked.beginning === null) {
        if (asked.at !== knownLeader()) this.#lose(asked, 'leadership moved on');
      } else if (asked.at !== leader()) this.#begin(asked);
    }
  }

  /** A connection with `member` closed: steps and answers may be lost with it. */
  disconnected(member: MemberId): void {
    for (const asked of this.#asked.values()) {
      if (asked.at !== member) continue;
      asked.at = null;
      if (asked.beginning === null) this.#lose(asked, 'the connection to the leader was lost');
    }
    this.#dropIncoming(member);
    this.#parts.toSql({ type: 'drop-transactions', from: member });
  }

  onReply(from: MemberId, payload: Uint8Array): void {
    this.#replied(from, decodeTransactionReply(payload));
  }

  #replied(from: MemberId, { name, key, answer }: TransactionReply): void {
    const asked = this.#asked.get(name);
    if (asked === undefined || asked.at !== from) return;
    const failed = 'error' in answer;
    if (asked.beginning !== null) {
      // Not answered yet, so nothing is lost with it: the next leader is asked.
      if (failed && (key === null || answer.error.code === 'NOT_LEADER')) {
        asked.at = null;
        return;
      }
      asked.beginning = null;
      if (failed) this.#asked.delete(name);
    }
    if (key !== null && key === asked.lastKey) this.#asked.delete(name);
    if (key !== null) this.#parts.toApp({ type: 'transaction-answer', name, key, answer });
    else if (failed) this.#end(asked, answer.error);
  }

  #begin(asked: Asked): void {
    asked.at = null;
    const to = this.#parts.leader();
    if (to === null || asked.beginning === null) return;
    // Before it is delivered: this member itself may answer at once.
    asked.at = to;
    if (!this.#deliver(to, asked.beginning)) asked.at = null;
  }

  #deliver(to: MemberId, { name, key, bytes, durability }: AskedStep): boolean {
    const { self, send } = this.#parts;
    const request = { name, key, bytes, durability };
    if (to !== self) return send(to, 'transaction', [encodeTransactionRequest(request)]);
    this.#take(self, request);
    return true;
  }

  #lose(asked: Asked, why: string): void {
    this.#end(asked, aborted(why).toRecord());
  }

  #end({ name }: Asked, error: ErrorRecord): void {
    if (this.#asked.delete(name)) this.#parts.toApp({ type: 'transaction-ended', name, error });
  }

  // --- the leader's side

  onRequest(from: MemberId, payload: Uint8Array): void {
    this.#take(from, decodeTransactionRequest(payload));
  }

  #take(from: MemberId, { name, key, durability, bytes }: TransactionRequest): void {
    const step = decodeStep(bytes);
    const { leader, self, toSql } = this.#parts;
    const incoming = { from, name, key, durability };
    // Steps of one that is open are welcome while the SQL thread lets it finish.
    if (step.type === 'begin' && leader() !== self)
      return this.#reply(incoming, {
        error: new PacelineError('NOT_LEADER', 'this member does not lead').toRecord(),
      });
    this.#incoming.set(keyOf(incoming), incoming);
    toSql({
      ...{ type: 'transaction', from, name, key, step },
      mayBeLost: this.#parts.mayBeLost(durability),
    });
  }

  /** The SQL thread has run, or refused, a step. */
  executed(ref: TransactionRef & { readonly key: number }, answer: SqlAnswer): void {
    const incoming = this.#incoming.get(keyOf(ref));
    if (incoming === undefined) return;
    const { position } = answer;
    if (position !== undefined)
      this.#parts.gate.hold(
        position,
        incoming.durability,
        this.#parts.answerMs,
        (reached) => this.#finish(incoming, 'error' in answer ? answer : { ...answer, reached }),
        () => this.#finish(incoming, { error: aborted('it is not durable yet').toRecord() }),
      );
    else if ('error' in answer) this.#finish(incoming, answer);
  }

  /** The SQL thread has undone it. */
  ended({ from, name }: TransactionRef, error: ErrorRecord): void {
    this.#reply({ from, name, key: null }, { error });
  }

  /** Answers that are held back will not be given: whoever waits for one learns that leadership moved. */
  lostLeadership(): void {
    const dropped = [...this.#incoming.values()];
    this.#incoming.clear();
    const error = aborted('leadership moved on').toRecord();
    for (const { from, name } of dropped) this.ended({ from, name }, error);
  }

  #dropIncoming(from: MemberId): void {
    for (const [key, incoming] of this.#incoming)
      if (incoming.from === from) this.#incoming.delete(key);
  }

  #finish(incoming: Incoming, answer: ForwardAnswer): void {
    if (this.#incoming.delete(keyOf(incoming))) this.#reply(incoming, answer);
  }

  #reply(
    { from, name, key }: TransactionRef & { readonly key: number | null },
    answer: ForwardAnswer,
  ): void {
    const { self, send } = this.#parts;
    const reply = { name, key, answer };
    if (from === self) this.#replied(self, reply);
    else send(from, 'transaction-reply', [encodeTransactionReply(reply)]);
  }
}

function keyOf({ from, name, key }: TransactionRef & { readonly key: number }): string {
  return `${from}/${name}/${key}`;
}
