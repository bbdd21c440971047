/** A larger piece is made anew and not kept. */
const KEPT_BYTES_MAX = 2 ** 20;

/** Memory for bytes that live until the next call: used again and again, where the collector would otherwise have much to do. */
export class Scratch {
  #bytes = new Uint8Array(0);

  /** Room for `length` bytes, aligned to words, with whatever was there before. Void at the next call. */
  readonly take = (length: number): Uint8Array => {
    if (length > KEPT_BYTES_MAX) return new Uint8Array(length);
    if (length > this.#bytes.length) {
      const size = Math.max(length, 2 * this.#bytes.length);
      this.#bytes = new Uint8Array(Math.min(KEPT_BYTES_MAX, size));
    }
    return this.#bytes.subarray(0, length);
  };
}
