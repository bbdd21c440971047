import type { LogStore } from '../log-store/log-store.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Raft } from '../raft/raft.ts';
import type { Network } from './network.ts';
import { CAMPAIGN_DELAY_TICKS } from './raft-timing.ts';

/** How much later than others a member campaigns that has no history yet. */
const NEW_MEMBER_TICKS = 30;
/** How long such a member waits for the others to be there at all; then a majority has to do. */
const NEW_CLUSTER_MS = 3_000;

/**
 * A cluster starts fastest if somebody campaigns as soon as all members are connected. A member without any history
 * lets others go first: one of them may have been given the content for a new cluster.
 */
export class FirstElection {
  readonly #self: MemberId;
  readonly #raft: Raft;
  readonly #log: LogStore;
  readonly #network: Network;
  readonly #startedMs: number;
  #begun = false;

  constructor(self: MemberId, raft: Raft, log: LogStore, network: Network, startedMs: number) {
    this.#self = self;
    this.#raft = raft;
    this.#log = log;
    this.#network = network;
    this.#startedMs = startedMs;
  }

  /** Whether Raft's clock may run, and with it the time after which this member campaigns. */
  mayTick(nowMs: number): boolean {
    if (this.#begun) return true;
    const others = this.#raft.membership.filter((m) => m.id !== this.#self);
    const together = others.every((m) => this.#network.isConnected(m.id));
    const isNew = this.#log.lastIndex === 0 && this.#raft.term === 0;
    const waited = nowMs - this.#startedMs > NEW_CLUSTER_MS;
    if (together || (isNew && waited))
      this.#begin(isNew && others.length > 0 ? NEW_MEMBER_TICKS : 0);
    return this.#begun || !isNew;
  }

  #begin(waitTicks: number): void {
    this.#begun = true;
    const rank = this.#raft.membership.findIndex((m) => m.id === this.#self);
    // One that is no member yet, or no more, will not campaign.
    if (rank >= 0) this.#raft.campaignIn(rank * CAMPAIGN_DELAY_TICKS + waitTicks);
  }
}
