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

  /** Events there ever were. */
  get added(): number {
    return this.#added;
  }

  /** When the next event is due; `null` if there is none. */
  get nextAtMs(): number | null {
    return this.#heap[0]?.atMs ?? null;
  }

  add(atMs: number, run: () => void): void {
    const heap = this.#heap;
    const event: Event = { atMs, order: this.#added++, run };
    let hole = heap.push(event) - 1;
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[hole] = heap[parent]!;
      hole = parent;
    }
    heap[hole] = event;
  }

  /** Removes the next event, and returns what it is to do. */
  take(): () => void {
    const heap = this.#heap;
    const last = heap.pop();
    assert(last !== undefined, 'no event to take');
    if (heap.length === 0) return last.run;
    const { run } = heap[0]!;
    this.#sink(last);
    return run;
  }

  /** Puts `event` in the place of the first, and that to where it belongs. */
  #sink(event: Event): void {
    const heap = this.#heap;
    let hole = 0;
    for (;;) {
      const left = 2 * hole + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const child = right < heap.length && isBefore(heap[right]!, heap[left]!) ? right : left;
      if (!isBefore(heap[child]!, event)) break;
      heap[hole] = heap[child]!;
      hole = child;
    }
    heap[hole] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
}
