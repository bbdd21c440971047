import type { Prng } from '../../src/base/prng.ts';
import { AnswerGate } from '../../src/member/answer-gate.ts';
import { ForwardedWrites } from '../../src/member/forwarded-writes.ts';
import { Forwarding } from '../../src/member/forwarding.ts';
import type { ForwardAnswer } from '../../src/member/protocol.ts';

const POSITION = { term: 1, index: 1 };

/** One member that asks and one that leads, with connections in between that a test delivers by hand. The test plays the SQL thread. */
export class Pair {
  accepting: boolean;
  connected = true;
  /** Whether the connection has no room for the write with this key. */
  refuses = (_key: number) => false;
  /** What was executed, each the first time, by the asker's keys. */
  readonly executed: number[] = [];
  readonly answers = new Map<number, ForwardAnswer>();
  #toLeader: Uint8Array[] = [];
  #toAsker: Uint8Array[] = [];
  #waiting: { readonly key: number; readonly content: number }[] = [];
  #asker: Forwarding;
  readonly #leader: ForwardedWrites;
  #processes = 0;

  constructor({ accepting = true } = {}) {
    this.accepting = accepting;
    this.#asker = this.#makeAsker();
    this.#leader = new ForwardedWrites({
      self: 'a',
      accepting: () => this.accepting,
      tellSelf: () => {},
      send: (_to, _channel, parts) => this.connected && this.#toAsker.push(join(parts)) > 0,
      execute: (key, bytes) => this.#waiting.push({ key, content: bytes[0]! }),
      gate: openGate(),
    });
  }

  #makeAsker(): Forwarding {
    return new Forwarding({
      self: 'b',
      leader: () => (this.connected ? 'a' : null),
      send: (_to, _channel, parts) => {
        const frame = join(parts);
        if (!this.connected || this.refuses(frame.at(-1)!)) return false;
        return this.#toLeader.push(frame) > 0;
      },
      take: () => {},
      streamsAfter: 1000 * this.#processes++,
      answer: (key, answer) => this.answers.set(key, answer),
    });
  }

  ask(...keys: number[]): void {
    for (const key of keys) this.#asker.forward(write(key));
  }

  /** The next frame arrives, if there is one. */
  deliverToLeader(): void {
    const frame = this.#toLeader.shift();
    if (frame !== undefined) this.#leader.onForward('b', frame);
  }

  /** The next frame is lost, and its connection stays. */
  loseToAsker(): void {
    this.#toAsker.shift();
  }

  deliverToAsker(): void {
    const frame = this.#toAsker.shift();
    if (frame !== undefined) this.#asker.onReply(frame);
  }

  /** The SQL thread runs all that waits. */
  executeWaiting(): void {
    for (const { key, content } of this.#waiting.splice(0)) {
      if (!this.executed.includes(content)) this.executed.push(content);
      this.#leader.executed(key, { results: Uint8Array.of(content), position: POSITION });
    }
  }

  refuseWaiting(): void {
    for (const { key } of this.#waiting.splice(0))
      this.#leader.executed(key, { error: { code: 'NOT_LEADER', message: '' } });
  }

  loseLeadership(): void {
    this.accepting = false;
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
    else if (roll < 98) this.connected = true;
    else this.refuses = few ? (key) => key % 3 === 0 : () => false;
  }

  /** All is well from now on, until nothing moves any more. */
  settle(): void {
    [this.accepting, this.connected, this.refuses] = [true, true, () => false];
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

function openGate(): AnswerGate {
  return new AnswerGate({
    self: 'a',
    commit: () => Number.MAX_SAFE_INTEGER,
    durable: () => Number.MAX_SAFE_INTEGER,
    membership: () => [],
    matches: () => new Map(),
    now: () => 0,
  });
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
