import { assert } from '../base/assert.ts';
import { LruSlots } from './lru-slots.ts';

/** Slots are allocated a slab at a time, so that a small database does not pay for the whole cache. */
const SLAB_BYTES = 2 ** 20;

/** A page's content with its hash. `image` is valid until the next `put` or `delete`. */
export interface CachedImage {
  readonly image: Uint8Array;
  readonly hi: number;
  readonly lo: number;
}

/**
 * The last images of pages that changed, bounded in bytes; the page untouched for longest goes first. Images are copied
 * into slabs of our own: a view of a caller's buffer would keep all of that buffer alive.
 */
export class ImageCache {
  readonly #pageSize: number;
  readonly #slotsPerSlab: number;
  readonly #slotsMax: number;
  readonly #slabs: Uint8Array[] = [];
  readonly #hashes: Uint32Array;
  readonly #free: number[] = [];
  readonly #slots: LruSlots;

  constructor(pageSize: number, bytesMax: number) {
    this.#pageSize = pageSize;
    this.#slotsMax = Math.max(16, Math.floor(bytesMax / pageSize));
    const fit = Math.floor(SLAB_BYTES / pageSize);
    this.#slotsPerSlab = Math.max(1, Math.min(fit, this.#slotsMax));
    this.#hashes = new Uint32Array(this.#slotsMax * 2);
    this.#slots = new LruSlots(this.#slotsMax);
  }

  get size(): number {
    return this.#slots.size;
  }

  get(pgno: number): CachedImage | undefined {
    const slot = this.#slots.touch(pgno);
    if (slot === undefined) return undefined;
    const hi = this.#hashes[slot * 2]!;
    return { image: this.#image(slot), hi, lo: this.#hashes[slot * 2 + 1]! };
  }

  put(pgno: number, image: Uint8Array, hi: number, lo: number): void {
    assert(image.length === this.#pageSize, `an image of ${image.length} bytes`);
    const slot = this.#slots.touch(pgno) ?? this.#takeSlot(pgno);
    this.#image(slot).set(image);
    this.#hashes[slot * 2] = hi;
    this.#hashes[slot * 2 + 1] = lo;
  }

  delete(pgno: number): void {
    const slot = this.#slots.remove(pgno);
    if (slot !== undefined) this.#free.push(slot);
  }

  clear(): void {
    for (;;) {
      const slot = this.#slots.removeOldest();
      if (slot === undefined) return;
      this.#free.push(slot);
    }
  }

  #takeSlot(pgno: number): number {
    if (this.#free.length === 0) this.#addSlab();
    const slot = this.#free.pop() ?? this.#slots.removeOldest();
    assert(slot !== undefined, 'the cache has no slot');
    this.#slots.add(pgno, slot);
    return slot;
  }

  /** Unless all are there. */
  #addSlab(): void {
    const first = this.#slabs.length * this.#slotsPerSlab;
    if (first >= this.#slotsMax) return;
    this.#slabs.push(new Uint8Array(this.#slotsPerSlab * this.#pageSize));
    const end = Math.min(first + this.#slotsPerSlab, this.#slotsMax);
    for (let slot = end - 1; slot >= first; slot--) this.#free.push(slot);
  }

  #image(slot: number): Uint8Array {
    const at = (slot % this.#slotsPerSlab) * this.#pageSize;
    return this.#slabs[Math.floor(slot / this.#slotsPerSlab)]!.subarray(at, at + this.#pageSize);
  }
}
