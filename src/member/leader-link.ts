import { type Durability, mayBeLost } from '../api/durability.ts';
import type { LogStore } from '../log-store/log-store.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Channel } from '../transport/transport.ts';
import { AnswerGate } from './answer-gate.ts';
import type { Clock } from './clock.ts';
import { ForwardedWrites } from './forwarded-writes.ts';
import { Forwarding } from './forwarding.ts';
import type { Network } from './network.ts';
import type { MemberOptions } from './options.ts';
import { packBytes, unpackBytes } from './packed-bytes.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp, LoopToSql, SqlToLoop } from './protocol.ts';
import type { SharedState } from './shared-state.ts';
import { TransactionRelay } from './transaction-relay.ts';

/** A process that goes through more streams goes on in the numbers of another, which chance keeps apart just as well. */
const STREAMS_MAX = 2 ** 20;

export interface LeaderLinkParts {
  readonly self: MemberId;
  /** See `LoopParts`. */
  readonly incarnation: number;
  readonly options: MemberOptions;
  readonly clock: Clock;
  readonly raft: Raft;
  readonly log: LogStore;
  readonly network: Network;
  readonly shared: SharedState;
  readonly sql: Port<SqlToLoop, LoopToSql>;
  readonly app: Port<AppToLoop, LoopToApp>;
}

type AppToLeader = Extract<
  AppToLoop,
  { readonly type: 'forward' | 'cancel' | 'reach' | 'transaction' | 'forget-transaction' }
>;

type Calls = Extract<AppToLoop, { readonly type: 'forward' }>;

/** All that this member's application asks of the leader, and, while this member is the leader, what it answers. */
export class LeaderLink {
  readonly #parts: LeaderLinkParts;
  readonly #gate: AnswerGate;
  readonly #forwarding: Forwarding;
  readonly #writes: ForwardedWrites;
  readonly #transactions: TransactionRelay;

  constructor(parts: LeaderLinkParts) {
    const { self, raft, log, network, sql, app, clock } = parts;
    this.#parts = parts;
    const gate = new AnswerGate({
      self,
      commit: () => raft.commit,
      durable: () => log.durableIndex,
      membership: () => raft.membership,
      matches: () => raft.progress(),
      now: () => clock.now(),
    });
    const shared = {
      ...{ self, gate },
      leader: () => this.leader,
      send: network.send.bind(network),
    };
    this.#gate = gate;
    this.#forwarding = new Forwarding({
      ...shared,
      streamsAfter: parts.incarnation * STREAMS_MAX,
      take: (request) => this.#writes.take(self, request),
      answer: (answer) => app.post(answer),
    });
    this.#writes = new ForwardedWrites({
      ...shared,
      accepting: () => this.leader === self,
      tellSelf: (replies) => this.#forwarding.replied(replies),
      execute: (orders) =>
        sql.post({
          ...{ type: 'forwarded-writes', keys: orders.map(({ key }) => key) },
          mayBeLost: orders.map(({ durability }) => this.#mayBeLost(durability)),
          ...packBytes(orders.map(({ bytes }) => bytes)),
        }),
    });
    this.#transactions = new TransactionRelay({
      ...shared,
      knownLeader: () => raft.leader,
      answerMs: parts.options.writeTimeoutMs,
      mayBeLost: (durability) => this.#mayBeLost(durability),
      toSql: (message) => sql.post(message),
      toApp: (message) => app.post(message),
    });
  }

  /** Writes that this leader acknowledged and that would be lost if it died now. */
  get atRisk(): number {
    return this.#gate.atRisk;
  }

  /** False for what is not addressed to it. */
  fromApp(message: AppToLoop): message is AppToLeader {
    if (message.type === 'forward') this.#forward(message);
    else if (message.type === 'cancel') this.#forwarding.cancel(message.key);
    else if (message.type === 'reach') this.#reach(message);
    else if (message.type === 'transaction') this.#transactions.ask(message);
    else if (message.type === 'forget-transaction') this.#transactions.forget(message.name);
    else return false;
    return true;
  }

  /** False for what is not addressed to it. */
  fromSql(message: SqlToLoop): boolean {
    if (this.#writes.fromSql(message)) return true;
    if (message.type === 'transaction-answer') this.#transactions.executed(message, message.answer);
    else if (message.type === 'transaction-ended') this.#transactions.ended(message, message.error);
    else return false;
    return true;
  }

  /** False for a frame of another channel. Throws RECORD_DAMAGED. */
  onFrame(from: MemberId, channel: Channel, payload: Uint8Array): boolean {
    if (channel === 'forward') this.#writes.onForward(from, payload);
    else if (channel === 'forward-reply') this.#forwarding.onReplies(payload);
    else if (channel === 'transaction') this.#transactions.onRequest(from, payload);
    else if (channel === 'transaction-reply') this.#transactions.onReply(from, payload);
    else return false;
    return true;
  }

  /** Call when the leader may have changed. */
  reroute(): void {
    this.#forwarding.reroute();
    this.#transactions.reroute();
  }

  tick(): void {
    this.#gate.tick();
    this.#writes.tick();
    this.reroute();
  }

  disconnected(member: MemberId): void {
    this.#forwarding.disconnected(member);
    this.#transactions.disconnected(member);
  }

  /** The commit index has moved. */
  committed(): void {
    this.#gate.committed();
  }

  /** Call at the end of each turn. */
  endTurn(): void {
    this.#gate.look();
    this.#writes.endTurn();
  }

  lostLeadership(): void {
    this.#gate.clear();
    this.#writes.lostLeadership();
    this.#transactions.lostLeadership();
  }

  /** What was executed in a leadership that is over is not waited for: the application is told what became of that. */
  #reach({ key, term, position, durability, timeoutMs }: Extract<AppToLoop, { type: 'reach' }>) {
    const { raft, app } = this.#parts;
    if (raft.role !== 'leader' || (raft.term | 0) !== term) return;
    this.#gate.hold(position, durability, timeoutMs, (reached) =>
      app.post({ type: 'reached', key, reached }),
    );
  }

  #forward({ keys, durabilities, timeoutsMs, ...packed }: Calls): void {
    const calls = unpackBytes(packed).map((bytes, i) => ({
      key: keys[i]!,
      durability: durabilities[i]!,
      timeoutMs: timeoutsMs[i]!,
      bytes,
    }));
    this.#forwarding.forward(calls);
  }

  #mayBeLost(durability: Durability): boolean {
    if (durability === 'quorum') return false;
    return mayBeLost(durability, this.#parts.raft.membership.filter(({ voter }) => voter).length);
  }

  /** The leader if it is known and reachable; this member's own id while it takes writes itself. */
  get leader(): MemberId | null {
    const { self, raft, shared, network } = this.#parts;
    const { leader } = raft;
    if (leader === self) return shared.acceptingTerm !== 0 ? leader : null;
    return leader !== null && network.isConnected(leader) ? leader : null;
  }
}
