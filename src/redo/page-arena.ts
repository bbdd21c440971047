import { assert } from '../base/assert.ts';

/** Memory comes in pieces, of which one is kept from one use to the next: of the first size, and larger where that was too little. */
const FIRST_SLAB_BYTES = 2 ** 14;
const SLAB_BYTES_MAX = 2 ** 20;

/**
 * Room for page images that live no longer than one call: taken one by one, given back all at once.
 * Making each of them anew would have the collector run all the time.
 */
export class PageArena {
  readonly #pageSize: number;
  readonly #slabs: Uint8Array[] = [];
  #pagesPerSlab: number;
  #used = 0;

  constructor(pageSize: number) {
    this.#pageSize = pageSize;
    this.#pagesPerSlab = this.#pagesIn(FIRST_SLAB_BYTES);
  }

  /** Room for one page, with whatever was there before. */
  take(): Uint8Array {
    const perSlab = this.#pagesPerSlab;
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
    if (this.#slabs.length <= 1) return;
    const largest = this.#pagesIn(SLAB_BYTES_MAX);
    // A larger one takes their place.
    const kept = this.#pagesPerSlab === largest ? 1 : 0;
    this.#pagesPerSlab = Math.min(largest, this.#pagesPerSlab * this.#slabs.length);
    this.#slabs.length = kept;
  }

  #pagesIn(bytes: number): number {
    return Math.max(1, Math.floor(bytes / this.#pageSize));
  }
}
