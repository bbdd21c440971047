import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeStep, encodeStep } from '../../src/api/transaction-wire.ts';
import { AnswerGate } from '../../src/member/answer-gate.ts';
import {
  decodeTransactionRequest,
  encodeTransactionReply,
  type TransactionRequest,
} from '../../src/member/forward-wire.ts';
import type { ForwardAnswer, LoopToApp } from '../../src/member/protocol.ts';
import { TransactionRelay } from '../../src/member/transaction-relay.ts';

const POSITION = { term: 1, index: 9 };
const ANSWER: ForwardAnswer = {
  results: new Uint8Array(0),
  position: POSITION,
  reached: { committed: true, members: ['a', 'b'] },
};

/** Member `b`, whose leader is `a` whenever it knows one. */
class Asking {
  leader: 'a' | null = 'a';
  readonly sent: TransactionRequest[] = [];
  readonly told: LoopToApp[] = [];
  readonly relay: TransactionRelay;

  constructor() {
    this.relay = new TransactionRelay({
      self: 'b',
      leader: () => this.leader,
      knownLeader: () => this.leader,
      send: (_to, _channel, parts) => {
        this.sent.push(decodeTransactionRequest(Buffer.concat(parts)));
        return true;
      },
      mayBeLost: () => false,
      toSql: () => {},
      toApp: (message) => this.told.push(message),
      gate: new AnswerGate({
        ...{ self: 'b', now: () => 0, commit: () => 0, durable: () => 0 },
        ...{ membership: () => [], matches: () => new Map() },
      }),
      answerMs: 1000,
    });
  }

  begin(): TransactionRequest {
    const bytes = encodeStep({ type: 'begin', id: 'x', lifetimeMs: 100 });
    this.relay.ask({
      ...{ type: 'transaction', name: 't', key: 1, bytes, durability: 'quorum', last: false },
    });
    return this.sent.at(-1)!;
  }

  /** The same leader is lost from sight for a moment, and the connection with it is not. */
  askAgain(): void {
    this.leader = null;
    this.relay.reroute();
    this.leader = 'a';
    this.relay.reroute();
  }

  answer({ name, key }: TransactionRequest): void {
    this.relay.onReply('a', encodeTransactionReply({ name, key, answer: ANSWER }));
  }

  stepsSent(): string[] {
    return this.sent.map(({ bytes }) => decodeStep(bytes).type);
  }
}

test('one that was asked for twice has two names, and what the first one answers is not the second one’s', () => {
  const member = new Asking();
  const first = member.begin();
  member.askAgain();
  const second = member.sent.at(-1)!;
  assert.deepEqual(member.stepsSent(), ['begin', 'roll-back', 'begin']);
  assert.notEqual(second.name, first.name);
  member.answer(first);
  assert.equal(member.told.length, 0);
  member.answer(second);
  const names = member.told.map((one) => (one.type === 'transaction-answer' ? one.name : one.type));
  assert.deepEqual(names, ['t']);
});

test('its further steps go where its beginning was answered, under that name', () => {
  const member = new Asking();
  member.begin();
  member.askAgain();
  const second = member.sent.at(-1)!;
  member.answer(second);
  const bytes = encodeStep({ type: 'commit' });
  member.relay.ask({
    ...{ type: 'transaction', name: 't', key: 2, bytes, durability: 'quorum', last: true },
  });
  assert.deepEqual([member.sent.at(-1)!.name, member.stepsSent().at(-1)], [second.name, 'commit']);
});
