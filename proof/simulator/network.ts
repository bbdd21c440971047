import type { Prng } from '../../src/base/prng.ts';
import type { MemberId } from '../../src/raft/entry.ts';
import {
  type NetworkPolicy,
  NO_FAULTS,
  RandomPolicy,
  type Route,
} from '../../src/transport/memory-policy.ts';
import type { Channel } from '../../src/transport/transport.ts';
import type { Plan } from './plan.ts';

/** Links are as good as the plan says, until they are healed. Counts what it did. */
export class SimPolicy implements NetworkPolicy {
  readonly #random: RandomPolicy;
  readonly #prng: Prng;
  readonly #plan: Plan;
  readonly #disconnect: (from: MemberId, to: MemberId) => void;
  #healed = false;
  /** Snapshots are lost with this probability, until then. */
  snapshotLoss = 0;
  /** Called for each answer of a member that gives a snapshot. */
  onSnapshot: ((from: MemberId, to: MemberId) => void) | null = null;
  readonly counts = { lose: 0, delay: 0, duplicate: 0, reorder: 0, 'lose-snapshot': 0 };

  constructor(prng: Prng, plan: Plan, disconnect: (from: MemberId, to: MemberId) => void) {
    this.#prng = prng;
    this.#plan = plan;
    this.#disconnect = disconnect;
    this.#random = new RandomPolicy(prng, plan.network);
  }

  heal(): void {
    this.#healed = true;
    this.snapshotLoss = 0;
    this.#random.rates = NO_FAULTS;
  }

  /** Links are as the plan says once more. */
  goWrongAgain(): void {
    this.#healed = false;
    this.#random.rates = this.#plan.network;
  }

  route(from: MemberId, to: MemberId, channel: Channel): Route {
    const route = this.#random.route(from, to, channel);
    if (channel === 'snapshot-reply') this.onSnapshot?.(from, to);
    if (this.#healed) return route;
    this.#count(route);
    const lost = route.delaysMs.length === 0;
    if (lost && this.#plan.lossBreaks) this.#disconnect(from, to);
    if (lost || !channel.startsWith('snapshot') || !this.#prng.chance(this.snapshotLoss))
      return route;
    this.counts['lose-snapshot']++;
    return { delaysMs: [], ordered: true };
  }

  #count({ delaysMs, ordered }: Route): void {
    if (delaysMs.length === 0) this.counts.lose++;
    if (delaysMs.length > 1) this.counts.duplicate++;
    if (!ordered) this.counts.reorder++;
    if ((delaysMs[0] ?? 0) > 1) this.counts.delay++;
  }
}
