import type { MemberId } from '../../src/raft/entry.ts';
import type { Actions, Trouble } from './trouble.ts';

/** Connections that break, and members that do not hear each other. */
export class NetworkFaults {
  readonly #trouble: Trouble;
  readonly actions: Actions = {
    disconnect: () => this.#disconnect(),
    partition: () => this.#partition(),
    'one-way': () => this.#oneWay(),
    partial: () => this.#partial(),
    flap: () => this.#flap(),
  };

  constructor(trouble: Trouble) {
    this.#trouble = trouble;
  }

  #disconnect(): boolean {
    const pair = this.#trouble.pair();
    if (pair === null) return false;
    this.#trouble.cluster.network.disconnect(...pair);
    return this.#trouble.note(pair[0], `its connections with ${pair[1]} break`);
  }

  /** Two sides that do not hear each other; often a leader alone, who does not know better for a while. */
  #partition(): boolean {
    const { ids, network } = this.#trouble.cluster;
    const leader = this.#trouble.prng.chance(0.4) ? this.#trouble.cluster.leader() : null;
    const side = leader === null ? ids.filter(() => this.#trouble.prng.chance(0.5)) : [leader.id];
    const other = ids.filter((id) => !side.includes(id));
    if (side.length === 0 || other.length === 0) return false;
    const links = side.flatMap((a) => other.flatMap((b) => [[a, b] as const, [b, a] as const]));
    for (const [a, b] of links) network.cut(a, b);
    // Then everybody knows at once, but for a leader who has to wait and see.
    const breaks = this.#trouble.prng.chance(0.5);
    if (breaks) for (const [a, b] of links) network.disconnect(a, b);
    this.#trouble.afterTrouble(() => this.#mend(links));
    const how = breaks ? ', and connections break' : '';
    return this.#trouble.note(side.join(''), `is cut off from ${other.join('')}${how}`);
  }

  #oneWay(): boolean {
    const pair = this.#trouble.pair();
    if (pair === null) return false;
    this.#trouble.cluster.network.cut(...pair);
    this.#trouble.afterTrouble(() => this.#mend([pair]));
    return this.#trouble.note(pair[0], `is not heard by ${pair[1]}`);
  }

  /** A and B do not hear each other, all others do. */
  #partial(): boolean {
    const pair = this.#trouble.pair();
    if (pair === null) return false;
    const links = [pair, [pair[1], pair[0]] as const];
    for (const [a, b] of links) this.#trouble.cluster.network.cut(a, b);
    this.#trouble.afterTrouble(() => this.#mend(links));
    return this.#trouble.note(pair[0], `and ${pair[1]} do not hear each other`);
  }

  #flap(): boolean {
    const pair = this.#trouble.pair();
    if (pair === null) return false;
    const { network, timeline } = this.#trouble.cluster;
    const periodMs = this.#trouble.prng.between(20, 400);
    const times = this.#trouble.prng.between(3, 10);
    for (let i = 0; i < times; i++) {
      timeline.after(i * periodMs, () => {
        if (this.#trouble.over) return;
        if (i % 2 === 0) network.cut(...pair);
        else network.heal(...pair);
      });
    }
    timeline.after(times * periodMs, () => {
      if (!this.#trouble.over) this.#mend([pair]);
    });
    return this.#trouble.note(pair[0], `its link to ${pair[1]} comes and goes`);
  }

  #mend(links: readonly (readonly [MemberId, MemberId])[]): void {
    for (const [a, b] of links) this.#trouble.cluster.network.heal(a, b);
    this.#trouble.note(links.map((link) => link.join('')).join(' '), 'can be reached again');
  }
}
