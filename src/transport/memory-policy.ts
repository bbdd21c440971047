import type { Prng } from '../base/prng.ts';
import type { MemberId } from '../raft/entry.ts';
import type { Channel } from './transport.ts';

/** What becomes of one frame. */
export interface Route {
  /** One number for each copy that arrives, the time that it takes; empty: the frame is lost. */
  readonly delaysMs: readonly number[];
  /** Whether it stays behind the frames that left before it on the same link, as on TCP. */
  readonly ordered: boolean;
}

/** Decides over every frame in a MemoryNetwork. */
export interface NetworkPolicy {
  route(from: MemberId, to: MemberId, channel: Channel): Route;
}

export interface FaultRates {
  /** Each copy of a frame takes between the two, evenly spread. */
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Probabilities for each frame, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  readonly reordering: number;
}

export const NO_FAULTS: FaultRates = {
  delayMinMs: 1,
  delayMaxMs: 1,
  loss: 0,
  duplication: 0,
  reordering: 0,
};

/**
 * Chance decides, by one seeded generator. Duplication and reordering befall the `raft` channel
 * only: Raft must stand them, though no Transport may do that; the others count on the contract.
 */
export class RandomPolicy implements NetworkPolicy {
  readonly #prng: Prng;
  #rates: FaultRates;

  constructor(prng: Prng, rates: FaultRates = NO_FAULTS) {
    this.#prng = prng;
    this.#rates = rates;
  }

  /** From now on; for faults first and calm later. */
  set rates(rates: FaultRates) {
    this.#rates = rates;
  }

  route(_from: MemberId, _to: MemberId, channel: Channel): Route {
    const { loss, duplication, reordering } = this.#rates;
    // Every draw is made for every frame, so that one rate does not shift the chances of the others.
    const lost = this.#prng.chance(loss);
    const doubled = this.#prng.chance(duplication) && channel === 'raft';
    const overtakes = this.#prng.chance(reordering) && channel === 'raft';
    const delaysMs = [this.#delayMs(), this.#delayMs()];
    return { delaysMs: delaysMs.slice(0, lost ? 0 : doubled ? 2 : 1), ordered: !overtakes };
  }

  #delayMs(): number {
    return this.#prng.between(this.#rates.delayMinMs, this.#rates.delayMaxMs);
  }
}
