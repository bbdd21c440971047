import type { Index } from '../raft/entry.ts';

/** Uncommitted entries on the way; at the limit writes wait in the queue until the commit index moves. */
export const INFLIGHT_ENTRIES_MAX = 256;
/** Bytes of them; one entry more may pass it. */
const INFLIGHT_BYTES_MAX = 64 * 2 ** 20;

/** The entries that a leader has executed and that are not committed yet. */
export class Inflight {
  #entries: { readonly index: Index; readonly bytes: number }[] = [];
  #bytes = 0;

  get full(): boolean {
    return this.#entries.length >= INFLIGHT_ENTRIES_MAX || this.#bytes >= INFLIGHT_BYTES_MAX;
  }

  add(index: Index, bytes: number): void {
    this.#entries.push({ index, bytes });
    this.#bytes += bytes;
  }

  committed(index: Index): void {
    while (this.#entries[0] !== undefined && this.#entries[0].index <= index)
      this.#bytes -= this.#entries.shift()!.bytes;
  }

  clear(): void {
    this.#entries = [];
    this.#bytes = 0;
  }
}
