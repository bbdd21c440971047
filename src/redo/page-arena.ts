import { assert } from '../base/assert.ts';

/** Memory comes in pieces of this size, and that much is kept from one use to the next. */
const SLAB_BYTES = 2 ** 20;

/**
 * Room for page images that live no longer than one call: taken one by one, given back all at once.
 * Making each of them anew would have the collector run all the time.
 */
export class PageArena {
  readonly #pageSize: number;
  readonly #slabs: Uint8Array[] = [];
  #used = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
  }

  /** Room for one page, with whatever was there before. */
  take(): Uint8Array {
    const perSlab = Math.max(1, Math.floor(SLAB_BYTES / this.#pageSize));
    const slab = Math.floor(this.#used / perSlab);
    if (slab === this.#slabs.length) this.#slabs.push(new Uint8Array(perSlab * this.#pageSize));
    const at = (this.#used++ % perSlab) * this.#pageSize;
    const room = this.#slabs[slab]?.subarray(at, at + this.#pageSize);
    assert(room !== undefined, 'a slab');
    return room;
  }

  /** Everything taken is void. */
  reset(): void {
    this.#used = 0;
    if (this.#slabs.length > 1) this.#slabs.length = 1;
  }
}
