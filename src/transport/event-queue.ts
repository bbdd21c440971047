import { assert } from '../base/assert.ts';

interface Event {
  readonly atMs: number;
  /** Events of the same time run in the order in which they were added. */
  readonly order: number;
  readonly run: () => void;
}

/** Things to do at given times of a simulated clock, earliest first: a binary heap. */
export class EventQueue {
  readonly #heap: Event[] = [];
  #added = 0;

  /** When the next event is due; `null` if there is none. */
  get nextAtMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  add(atMs: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ atMs, order: this.#added++, run });
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!this.#isBefore(i, parent)) return;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** Removes the next event, and returns what it is to do. */
  take(): () => void {
    const heap = this.#heap;
    assert(heap.length > 0, 'no event to take');
    this.#swap(0, heap.length - 1);
    const { run } = heap.pop()!;
    for (let i = 0; ; ) {
      const smallest = this.#smallestOf(i, 2 * i + 1, 2 * i + 2);
      if (smallest === i) return run;
      this.#swap(i, smallest);
      i = smallest;
    }
  }

  #smallestOf(parent: number, left: number, right: number): number {
    let smallest = parent;
    if (left < this.#heap.length && this.#isBefore(left, smallest)) smallest = left;
    if (right < this.#heap.length && this.#isBefore(right, smallest)) smallest = right;
    return smallest;
  }

  #isBefore(i: number, j: number): boolean {
    const a = this.#heap[i]!;
    const b = this.#heap[j]!;
    return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    const heap = this.#heap;
    [heap[i], heap[j]] = [heap[j]!, heap[i]!];
  }
}
