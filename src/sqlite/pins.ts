import type { Index } from '../raft/entry.ts';
import type { Pin } from './pin.ts';

type AnyPin = Pick<Pin, 'take' | 'release' | 'close'>;

/**
 * Keeps every checkpoint at or below a committed position while the database may be ahead of the commit index: the frames
 * of a tail that has to be undone must still be in the WAL. Rolls on with a second pin: the new one is taken at the head,
 * and takes over when the commit index has reached it.
 */
export class Pins {
  #held: { pin: AnyPin; index: Index } | null = null;
  #next: { pin: AnyPin; index: Index } | null = null;
  readonly #spare: AnyPin[];

  /** Two pins. */
  constructor(pins: readonly AnyPin[]) {
    this.#spare = [...pins];
  }

  /** The position below which checkpoints stay; null if nothing is held. */
  get heldIndex(): Index | null {
    return this.#held?.index ?? null;
  }

  /** Holds the present position, which must be committed. */
  hold(index: Index): void {
    this.release();
    this.#held = this.#take(index);
  }

  /** Begins to roll on to the present position, which need not be committed yet. */
  rollTo(index: Index): void {
    if (this.#next === null && this.#held !== null) this.#next = this.#take(index);
  }

  committed(index: Index): void {
    if (this.#next === null || this.#next.index > index) return;
    this.#drop(this.#held);
    this.#held = this.#next;
    this.#next = null;
  }

  /** Commits were undone: the position to which this was to roll on may be one of them, though its index is reached again. */
  undone(): void {
    this.#drop(this.#next);
    this.#next = null;
  }

  release(): void {
    this.#drop(this.#held);
    this.#drop(this.#next);
    this.#held = null;
    this.#next = null;
  }

  close(): void {
    this.release();
    for (const pin of this.#spare) pin.close();
  }

  #take(index: Index): { pin: AnyPin; index: Index } {
    const pin = this.#spare.pop();
    if (pin === undefined) throw new Error('both pins are in use');
    pin.take();
    return { pin, index };
  }

  #drop(held: { pin: AnyPin } | null): void {
    if (held === null) return;
    held.pin.release();
    this.#spare.push(held.pin);
  }
}
