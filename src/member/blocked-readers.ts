/** Threads that stand still until something changes, by two numbers in shared memory: how many they are, and a count of changes. */
export class BlockedReaders {
  readonly #fields: Int32Array;
  readonly #blocked: number;
  readonly #news: number;

  constructor(fields: Int32Array, at: { readonly blocked: number; readonly news: number }) {
    this.#fields = fields;
    this.#blocked = at.blocked;
    this.#news = at.news;
  }

  /** Something has changed. */
  wake(): void {
    if (Atomics.load(this.#fields, this.#blocked) === 0) return;
    Atomics.add(this.#fields, this.#news, 1);
    Atomics.notify(this.#fields, this.#news);
  }

  /**
   * Lets the calling thread stand still until `isTrue`, for at most `timeoutMs`; returns whether it is. It does not while `leaves`. Who
   * changes something looks afterwards whether anyone stands still, and we look at that after we have said so.
   */
  block(
    isTrue: () => boolean,
    leaves: () => boolean,
    timeoutMs: number,
    now: () => number,
  ): boolean {
    const deadline = now() + timeoutMs;
    Atomics.add(this.#fields, this.#blocked, 1);
    try {
      for (;;) {
        const news = Atomics.load(this.#fields, this.#news);
        if (isTrue()) return true;
        if (leaves()) return false;
        const leftMs = deadline - now();
        if (leftMs <= 0) return false;
        Atomics.wait(this.#fields, this.#news, news, leftMs);
      }
    } finally {
      Atomics.sub(this.#fields, this.#blocked, 1);
    }
  }
}
