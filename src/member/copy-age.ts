import type { Index } from '../raft/entry.ts';
import type { ReadIndexes } from './read-indexes.ts';
import type { SharedState } from './shared-state.ts';

/** Questions to the leader on the way at a time; a leader that does not answer is not asked more and more. */
const ASKED_MAX = 2;
/** Answers that wait to be applied; the oldest is dropped, which only makes the copy look older than it is. */
const PROVEN_MAX = 64;
/** Shared memory keeps times as 32 bits, which lasts 24 days. */
const FORGET_MS = 2 ** 30;

interface Proven {
  readonly ms: number;
  readonly index: Index;
}

/**
 * How old this member's copy is, for bounded reads. A leader that a majority confirmed after a moment of ours had all that
 * was committed before that moment: its answer to a read-index question is such a proof, by our own clock alone. It
 * is asked while there are bounded reads: every `everyMs`, and at once where one waits; and as long as a copy that began
 * empty is not known to have what the cluster has.
 */
export class CopyAge {
  readonly #indexes: ReadIndexes;
  readonly #shared: SharedState;
  readonly #now: () => number;
  readonly #everyMs: number;
  #asked = 0;
  #askedMs = Number.NEGATIVE_INFINITY;
  /** Not applied yet, oldest first. */
  #proven: Proven[] = [];
  #lastProvenMs = Number.NEGATIVE_INFINITY;
  /** What shared memory says the copy is current as of. */
  #told: Proven | null = null;

  constructor(indexes: ReadIndexes, shared: SharedState, now: () => number, everyMs: number) {
    this.#indexes = indexes;
    this.#shared = shared;
    this.#now = now;
    this.#everyMs = everyMs;
  }

  tick(): void {
    const now = this.#now();
    if (this.#told !== null && now - this.#lastProvenMs > FORGET_MS) this.#forget();
    if (now - this.#askedMs < this.#everyMs && !this.#shared.ageIsAwaited) return;
    const wanted = this.#shared.takeWantsAge() || this.#shared.isNew;
    if (wanted && this.#asked < ASKED_MAX) this.#ask(now);
  }

  /** The database is at `index`, which may be earlier than before if another copy took its place. */
  applied(index: Index): void {
    if (this.#told !== null && index < this.#told.index) this.#forget();
    let newest: Proven | null = null;
    while (this.#proven.length > 0 && this.#proven[0]!.index <= index)
      newest = this.#proven.shift()!;
    if (newest === null) return;
    this.#told = newest;
    this.#shared.setCurrentAsOf(newest.ms);
  }

  #ask(now: number): void {
    this.#askedMs = now;
    this.#asked += 1;
    this.#indexes.ask((index, ms) => {
      this.#asked -= 1;
      this.#lastProvenMs = ms;
      this.#shared.setProven(ms, index);
      this.#proven.push({ ms, index });
      if (this.#proven.length > PROVEN_MAX) this.#proven.shift();
    });
  }

  #forget(): void {
    this.#told = null;
    this.#proven = [];
    this.#shared.forgetAge();
  }
}
