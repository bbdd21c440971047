import { assert } from '../base/assert.ts';

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
  readonly #slotsMax: number;
  readonly #slabs: Uint8Array[] = [];
  readonly #hashes: Uint32Array;
  readonly #free: number[] = [];
  /** pgno → slot, in order of last use. */
  readonly #slotOf = new Map<number, number>();

  constructor(pageSize: number, bytesMax: number) {
    this.#pageSize = pageSize;
    this.#slotsMax = Math.max(16, Math.floor(bytesMax / pageSize));
    this.#hashes = new Uint32Array(this.#slotsMax * 2);
  }

  get size(): number {
    return this.#slotOf.size;
  }

  get(pgno: number): CachedImage | undefined {
    const slot = this.#slotOf.get(pgno);
    if (slot === undefined) return undefined;
    this.#slotOf.delete(pgno);
    this.#slotOf.set(pgno, slot);
    return {
      image: this.#image(slot),
      hi: this.#hashes[slot * 2]!,
      lo: this.#hashes[slot * 2 + 1]!,
    };
  }

  put(pgno: number, image: Uint8Array, hi: number, lo: number): void {
    assert(image.length === this.#pageSize, `an image of ${image.length} bytes`);
    const slot = this.#slotOf.get(pgno) ?? this.#takeSlot();
    this.#slotOf.delete(pgno);
    this.#slotOf.set(pgno, slot);
    this.#image(slot).set(image);
    this.#hashes[slot * 2] = hi;
    this.#hashes[slot * 2 + 1] = lo;
  }

  delete(pgno: number): void {
    const slot = this.#slotOf.get(pgno);
    if (slot === undefined) return;
    this.#slotOf.delete(pgno);
    this.#free.push(slot);
  }

  clear(): void {
    for (const slot of this.#slotOf.values()) this.#free.push(slot);
    this.#slotOf.clear();
  }

  #takeSlot(): number {
    if (this.#free.length === 0) this.#makeRoom();
    const slot = this.#free.pop();
    assert(slot !== undefined, 'the cache has no slot');
    return slot;
  }

  #makeRoom(): void {
    const perSlab = Math.max(1, Math.floor(SLAB_BYTES / this.#pageSize));
    const first = this.#slabs.length * perSlab;
    if (first >= this.#slotsMax) {
      const [oldest] = this.#slotOf.keys();
      assert(oldest !== undefined, 'a full cache is empty');
      this.delete(oldest);
      return;
    }
    this.#slabs.push(new Uint8Array(perSlab * this.#pageSize));
    for (let i = Math.min(first + perSlab, this.#slotsMax) - 1; i >= first; i--) this.#free.push(i);
  }

  #image(slot: number): Uint8Array {
    const perSlab = Math.max(1, Math.floor(SLAB_BYTES / this.#pageSize));
    const at = (slot % perSlab) * this.#pageSize;
    return this.#slabs[Math.floor(slot / perSlab)]!.subarray(at, at + this.#pageSize);
  }
}
