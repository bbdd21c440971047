import { must } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { type EntryId, ORIGIN } from '../raft/entry.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Positions that reads must see. What became of one is told by its term and index together; once it is known to be
 * committed its index is enough, since committed entries keep their places.
 */
export class NeededPositions {
  readonly #shared: SharedState;
  /** Who needs them, for errors. */
  readonly #whose: string;
  /** All needed positions that are known to be committed are at or below. */
  #committed: EntryId = ORIGIN;
  /** Those of which it is not known yet: the last one of each term. */
  #open: EntryId[] = [];

  constructor(shared: SharedState, whose: string) {
    this.#shared = shared;
    this.#whose = whose;
  }

  add(position: EntryId): void {
    const same = this.#open.find(({ term }) => term === position.term);
    if (same !== undefined && same.index >= position.index) return;
    this.#open = this.#open.filter((one) => one !== same);
    this.#open.push({ term: position.term, index: position.index });
  }

  /** For what is committed for certain. */
  addCommitted({ term, index }: EntryId): void {
    if (index > this.#committed.index) this.#committed = { term, index };
  }

  /** Whether a read that begins now sees them all, as far as that can be told at once. */
  get areSeen(): boolean {
    return this.#open.length === 0 && this.#shared.hasApplied(this.#committed.index);
  }

  /** The same, found out. Throws POSITION_LOST, once, for one that will never be there. */
  look(): boolean {
    for (const position of [...this.#open]) {
      const verdict = this.#shared.verdict(position);
      if (verdict === 'pending') continue;
      if (verdict === 'lost') throw must(this.takeLost(position), 'open until now');
      this.#open = this.#open.filter((one) => one !== position);
      this.addCommitted(position);
    }
    return this.areSeen;
  }

  /** POSITION_LOST for one that will never be there, and is needed no more; null if it is not needed. */
  takeLost({ term, index }: EntryId): PacelineError | null {
    const position = this.#open.find((one) => one.term === term && one.index === index);
    if (position === undefined) return null;
    this.#open = this.#open.filter((one) => one !== position);
    return lost(this.#whose, position);
  }

  /** The latest of those that are known to be committed. */
  get latestCommitted(): EntryId {
    return this.#committed.index === 0 ? ORIGIN : this.#shared.asCommitted(this.#committed);
  }

  /** The latest of them, as far as known. */
  get latest(): EntryId {
    let latest = this.latestCommitted;
    for (const one of this.#open) if (isLater(one, latest)) latest = one;
    return latest;
  }
}

export function isLater(one: EntryId, other: EntryId): boolean {
  return one.term === other.term ? one.index > other.index : one.term > other.term;
}

function lost(whose: string, { term, index }: EntryId): PacelineError {
  return new PacelineError(
    'POSITION_LOST',
    `${whose} ${term}.${index} was discarded by a failover, as it was not on a quorum; it will not come back: read without it`,
  );
}
