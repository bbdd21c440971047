interface Pending<C> {
  readonly change: C;
  /** What of it is on the medium for good; null while that is open. */
  settled: readonly C[] | null;
}

/** Changes that a sync covers, as they were when it began. */
export type Covered<C> = readonly Pending<C>[];

/**
 * Changes that readers see already and the medium does not have yet, in their order. They may reach
 * the medium in any order, or in part; one after the other they are handed to `toMedium` as soon as
 * all before them are settled.
 */
export class WriteBehind<C> {
  readonly #toMedium: (change: C) => void;
  #pending: Pending<C>[] = [];

  constructor(toMedium: (change: C) => void) {
    this.#toMedium = toMedium;
  }

  add(change: C): Covered<C> {
    const pending = { change, settled: null };
    this.#pending.push(pending);
    return [pending];
  }

  /** What a sync that begins now makes durable. */
  covered(): Covered<C> {
    return this.#pending.filter((each) => each.settled === null);
  }

  /**
   * Says what has become of changes: `fate` gives the part of each that the medium has. The rest
   * never gets there, whatever is synced later.
   */
  settle(covered: Covered<C>, fate: (change: C) => readonly C[] = (change) => [change]): void {
    for (const each of covered) each.settled ??= fate(each.change);
    let first = 0;
    for (; this.#pending[first]?.settled; first++) {
      for (const part of this.#pending[first]!.settled!) this.#toMedium(part);
    }
    this.#pending.splice(0, first);
  }

  /** What lies over the medium, in order: of settled changes only what the medium has of them. */
  *overlay(): Generator<C> {
    for (const { change, settled } of this.#pending) {
      if (settled === null) yield change;
      else yield* settled;
    }
  }
}
