/** In place of a slot. */
const NONE = -1;

/**
 * Which page is in which of a fixed number of slots, and in what order the pages were last used. The order is a doubly
 * linked list in arrays: touching a page allocates nothing.
 */
export class LruSlots {
  readonly #slotOf = new Map<number, number>();
  readonly #pgnoIn: Uint32Array;
  readonly #older: Int32Array;
  readonly #newer: Int32Array;
  #oldest = NONE;
  #newest = NONE;

  constructor(slots: number) {
    this.#pgnoIn = new Uint32Array(slots);
    this.#older = new Int32Array(slots);
    this.#newer = new Int32Array(slots);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** The page's slot, which becomes the one used last; undefined if it has none. */
  touch(pgno: number): number | undefined {
    const slot = this.#slotOf.get(pgno);
    if (slot === undefined || slot === this.#newest) return slot;
    this.#unlink(slot);
    this.#append(slot);
    return slot;
  }

  add(pgno: number, slot: number): void {
    this.#slotOf.set(pgno, slot);
    this.#pgnoIn[slot] = pgno;
    this.#append(slot);
  }

  /** The slot that is free now; undefined if the page had none. */
  remove(pgno: number): number | undefined {
    const slot = this.#slotOf.get(pgno);
    if (slot === undefined) return undefined;
    this.#slotOf.delete(pgno);
    this.#unlink(slot);
    return slot;
  }

  /** Takes the slot of the page that was used least lately; undefined if there is none. */
  removeOldest(): number | undefined {
    return this.#oldest === NONE ? undefined : this.remove(this.#pgnoIn[this.#oldest]!);
  }

  #append(slot: number): void {
    this.#older[slot] = this.#newest;
    this.#newer[slot] = NONE;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;
  }

  #unlink(slot: number): void {
    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;
  }
}
