import { PacelineError } from '../base/errors.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { DatabaseTracker } from './database-tracker.ts';
import type { Network } from './network.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';

export interface SwitchoverParts {
  readonly self: MemberId;
  readonly raft: Raft;
  readonly tracker: DatabaseTracker;
  readonly network: Network;
  readonly app: Port<AppToLoop, LoopToApp>;
}

type Order = Extract<AppToLoop, { readonly type: 'transfer-leadership' }>;

/**
 * A planned change of leader: first nothing new is executed and all that was is in the log, then somebody else is asked
 * to lead. From there this member does not lead again in its term; if the one asked does not take over, another is asked.
 */
export class Switchover {
  readonly #parts: SwitchoverParts;
  #waiting: Order[] = [];
  #target: MemberId | null = null;
  /** Whether the target was asked. */
  #asked = false;

  constructor(parts: SwitchoverParts) {
    this.#parts = parts;
  }

  begin(order: Order): void {
    const why = this.#refusal(order.to);
    if (why !== null) return this.#answer(order, why);
    if (this.#waiting.length === 0) this.#asked = false;
    this.#target ??= order.to;
    this.#waiting.push(order);
  }

  /** Call when anything may have changed. */
  look(): void {
    if (this.#waiting.length === 0) return;
    const { raft, tracker, self, network } = this.#parts;
    if (raft.role !== 'leader') return this.#wait();
    tracker.stopLeading(true);
    if (tracker.settling || !raft.canPropose()) return;
    const first = this.#asked || this.#votesNoMore() ? null : this.#target;
    const to = first ?? successor(self, raft, network);
    this.#asked = true;
    if (to !== null) raft.transferLeadership(to);
  }

  /** The membership may have changed since the target was named. */
  #votesNoMore(): boolean {
    return !this.#parts.raft.membership.some(({ id, voter }) => voter && id === this.#target);
  }

  /** Done as soon as it is known who leads now. */
  #wait(): void {
    const { leader } = this.#parts.raft;
    if (leader === null || leader === this.#parts.self) return;
    const orders = this.#waiting;
    this.#waiting = [];
    this.#target = null;
    for (const order of orders) this.#answer(order, null);
  }

  #refusal(to: MemberId | null): PacelineError | null {
    const { self, raft, network } = this.#parts;
    if (raft.role !== 'leader' && this.#waiting.length === 0)
      return new PacelineError(
        'NOT_LEADER',
        `only the leader hands over: ask ${raft.leader ?? 'it'}`,
      );
    if (to === null)
      return successor(self, raft, network) === null
        ? invalid('no other voter is connected')
        : null;
    const known = raft.membership.find(({ id }) => id === to);
    if (to === self || known?.voter !== true) return invalid(`${to} is not another voter`);
    return network.isConnected(to) ? null : invalid(`${to} is not connected`);
  }

  #answer({ key }: Order, error: PacelineError | null): void {
    const { app, raft } = this.#parts;
    const record = error?.toRecord() ?? null;
    app.post({ type: 'leadership-transferred', key, leader: raft.leader, error: record });
  }
}

function invalid(why: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', `leadership cannot be handed over: ${why}`);
}

type Connected = Pick<Network, 'isConnected'>;

/** The connected voter that has most of the log. */
export function successor(self: MemberId, raft: Raft, network: Connected): MemberId | null {
  return successors(self, raft, network)[0] ?? null;
}

/** The connected voters, those first that have most of the log. */
export function successors(self: MemberId, raft: Raft, network: Connected): MemberId[] {
  const progress = raft.progress();
  const match = (id: MemberId) => progress.get(id)?.match ?? 0;
  const others = raft.membership
    .filter((m) => m.voter && m.id !== self && network.isConnected(m.id))
    .sort((one, other) => match(other.id) - match(one.id));
  return others.map(({ id }) => id);
}
