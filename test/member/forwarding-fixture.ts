import type { Prng } from '../../src/base/prng.ts';
import { AnswerGate } from '../../src/member/answer-gate.ts';
import { decodeForward } from '../../src/member/forward-wire.ts';
import { ForwardedWrites } from '../../src/member/forwarded-writes.ts';
import { Forwarding } from '../../src/member/forwarding.ts';
import { packBytes, unpackBytes } from '../../src/member/packed-bytes.ts';

/** One member that asks and one that leads, with connections in between that a test delivers by hand. The test plays the SQL thread. */
export class Pair {
  accepting: boolean;
  /** So many writes, and no more. */
  accept = Number.POSITIVE_INFINITY;
  connected = true;
  /** Whether the connection has no room for the write with this key. */
  refuses = (_key: number) => false;
  /** The leader's connection has no room for replies. */
  repliesRefused = false;
  /** What was executed, each the first time, by the asker's keys. */
  readonly executed: number[] = [];
  /** The content of what was answered, or the code of an error. */
  readonly answers = new Map<number, number | string>();
  /** What was given to the SQL thread, each as often as it was. */
  readonly ran: number[] = [];
  #toLeader: Uint8Array[] = [];
  #toAsker: Uint8Array[] = [];
  #waiting: { readonly key: number; readonly content: number }[] = [];
  #asker: Forwarding;
  readonly #leader: ForwardedWrites;
  readonly #gate = gateAt(() => this.#committed);
  #committed = 0;
  #processes = 0;

  constructor({ accepting = true } = {}) {
    this.accepting = accepting;
    this.#asker = this.#makeAsker();
    this.#leader = new ForwardedWrites({
      self: 'a',
      accepting: () => this.accepting && this.accept-- > 0,
      tellSelf: () => {},
      send: (_to, _channel, parts) =>
        this.connected && !this.repliesRefused && this.#toAsker.push(join(parts)) > 0,
      execute: (orders) =>
        this.#waiting.push(...orders.map(({ key, bytes }) => ({ key, content: bytes[0]! }))),
      gate: this.#gate,
    });
  }

  #makeAsker(): Forwarding {
    return new Forwarding({
      self: 'b',
      leader: () => (this.connected ? 'a' : null),
      send: (_to, _channel, parts) => {
        const frame = join(parts);
        const { calls } = decodeForward(frame);
        if (!this.connected || calls.some(({ key }) => this.refuses(key))) return false;
        return this.#toLeader.push(frame) > 0;
      },
      take: () => {},
      streamsAfter: 1000 * this.#processes++,
      answer: (answer) => {
        if (answer.type === 'forwarded-error') this.answers.set(answer.key, answer.error.code);
        else
          for (const [i, bytes] of unpackBytes(answer).entries())
            this.answers.set(answer.keys[i]!, bytes[0]!);
      },
    });
  }

  /** Each in a turn of its own, and so in a frame. */
  ask(...keys: number[]): void {
    for (const key of keys) this.askTogether(key);
  }

  askTogether(...keys: number[]): void {
    this.#asker.forward(keys.map(write));
  }

  cancel(key: number): void {
    this.#asker.cancel(key);
  }

  /** The next frame arrives, if there is one. */
  deliverToLeader(): void {
    const frame = this.#toLeader.shift();
    if (frame !== undefined) this.#leader.onForward('b', frame);
    this.#leader.endTurn();
  }

  /** The next frame will arrive twice. */
  repeatToLeader(): void {
    const [frame] = this.#toLeader;
    if (frame !== undefined) this.#toLeader.unshift(frame);
  }

  /** The next frame is lost, and its connection stays. */
  loseToAsker(): void {
    this.#toAsker.shift();
  }

  deliverToAsker(): void {
    const frame = this.#toAsker.shift();
    if (frame !== undefined) this.#asker.onReplies(frame);
  }

  /** The SQL thread runs all that waits, in one commit. */
  executeWaiting(): void {
    const ran = this.#waiting.splice(0);
    this.ran.push(...ran.map(({ content }) => content));
    for (const { content } of ran)
      if (!this.executed.includes(content)) this.executed.push(content);
    const keys = ran.map(({ key }) => key);
    const packed = packBytes(ran.map(({ content }) => Uint8Array.of(content)));
    const position = { term: 1, index: this.#committed + 1 };
    this.#leader.fromSql({ type: 'forwarded-results', position, keys, ...packed });
    this.#committed += 1;
    this.#gate.committed();
    this.#leader.endTurn();
  }

  refuseWaiting(): void {
    const error = { code: 'NOT_LEADER', message: '' } as const;
    for (const { key } of this.#waiting.splice(0))
      this.#leader.fromSql({ type: 'forwarded-error', key, error });
    this.#leader.endTurn();
  }

  loseLeadership(): void {
    this.accepting = false;
    this.#gate.clear();
    this.#leader.lostLeadership();
    this.refuseWaiting();
  }

  disconnect(): void {
    this.connected = false;
    this.#toLeader = [];
    this.#toAsker = [];
    this.#asker.disconnected('a');
  }

  restartAsker(): void {
    this.disconnect();
    this.connected = true;
    this.#asker = this.#makeAsker();
  }

  tick(): void {
    this.#asker.reroute();
    this.#leader.tick();
    this.#leader.endTurn();
  }

  /** One thing that may happen at any time. */
  disturb(prng: Prng): void {
    const [roll, few] = [prng.between(0, 99), prng.chance(0.5)];
    if (roll < 35) this.deliverToLeader();
    else if (roll < 60) this.deliverToAsker();
    else if (roll < 75) this.executeWaiting();
    else if (roll < 85) this.tick();
    else if (roll < 90) this.accepting = true;
    else if (roll < 93) this.loseLeadership();
    else if (roll < 95) this.disconnect();
    else if (roll < 97) this.connected = true;
    else if (roll < 98) this.repliesRefused = few;
    else this.refuses = few ? (key) => key % 3 === 0 : () => false;
  }

  /** All is well from now on, until nothing moves any more. */
  settle(): void {
    [this.accepting, this.connected, this.refuses] = [true, true, () => false];
    this.repliesRefused = false;
    for (let round = 0; round < 1000; round++) {
      this.tick();
      this.deliverToLeader();
      this.executeWaiting();
      this.deliverToAsker();
    }
  }
}

function write(key: number) {
  return { key, bytes: Uint8Array.of(key), durability: 'quorum', timeoutMs: 1000 } as const;
}

function gateAt(commit: () => number): AnswerGate {
  return new AnswerGate({
    self: 'a',
    commit,
    durable: () => Number.MAX_SAFE_INTEGER,
    membership: () => [],
    matches: () => new Map(),
    now: () => 0,
  });
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
