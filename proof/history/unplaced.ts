import { must } from '../../src/base/assert.ts';
import { isRead, mayHaveEffect, type Operation } from './operation.ts';

/**
 * The operations of one object that are not yet in the order, as a list in the order of their calls from
 * which one can be taken out and put back (in reverse). Operations with an answer must all be placed;
 * those with an unknown outcome may be.
 */
export class Unplaced {
  readonly #operations: readonly Operation[];
  /** Neighbours in the list; place 0 is its head, operation i is at i + 1. */
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  /** Bit i: operation i is placed. */
  readonly #placed: Uint16Array;
  /** Of writes with a known position: the how manieth position; -1 of all others. */
  readonly #rank: Int32Array;
  /** Per rank, how many are unplaced. */
  readonly #atRank: number[] = [];
  #lowestRank = 0;
  #answered = 0;

  /** `operations` in the order of their calls. */
  constructor(operations: readonly Operation[]) {
    this.#operations = operations;
    const size = operations.length;
    this.#next = Int32Array.from({ length: size + 1 }, (_, i) => (i < size ? i + 1 : -1));
    this.#previous = Int32Array.from({ length: size + 1 }, (_, i) => i - 1);
    this.#placed = new Uint16Array((size >> 4) + 1);
    this.#rank = new Int32Array(size).fill(-1);
    for (const { outcome } of operations) if (outcome.kind === 'ok') this.#answered++;
    this.#rankPositions();
  }

  /** How many have an answer. */
  get answered(): number {
    return this.#answered;
  }

  #rankPositions(): void {
    const indexes = new Set<number>();
    for (const one of this.#operations) if (hasPlace(one)) indexes.add(one.position!.index);
    const ranks = new Map([...indexes].sort((a, b) => a - b).map((index, rank) => [index, rank]));
    for (const [i, one] of this.#operations.entries()) {
      if (!hasPlace(one)) continue;
      const rank = must(ranks.get(one.position!.index), 'rank of a position');
      this.#rank[i] = rank;
      this.#atRank[rank] = (this.#atRank[rank] ?? 0) + 1;
    }
  }

  place(i: number): void {
    const previous = this.#previous[i + 1]!;
    const next = this.#next[i + 1]!;
    this.#next[previous] = next;
    if (next >= 0) this.#previous[next] = previous;
    this.#count(i, -1);
    this.#placed[i >> 4]! |= 1 << (i & 15);
    while (this.#atRank[this.#lowestRank] === 0) this.#lowestRank++;
  }

  /** Undoes the last `place` that is not undone. */
  takeBack(i: number): void {
    this.#next[this.#previous[i + 1]!] = i + 1;
    if (this.#next[i + 1]! >= 0) this.#previous[this.#next[i + 1]!] = i + 1;
    this.#count(i, 1);
    this.#placed[i >> 4]! &= ~(1 << (i & 15));
    if (this.#rank[i]! >= 0) this.#lowestRank = Math.min(this.#lowestRank, this.#rank[i]!);
  }

  #count(i: number, by: number): void {
    if (this.#operations[i]!.outcome.kind === 'ok') this.#answered += by;
    if (this.#rank[i]! >= 0) this.#atRank[this.#rank[i]!]! += by;
  }

  /**
   * Which may come next: none that was called after another unplaced one had returned, and of writes with
   * a position only the lowest. Those with an unknown outcome last, so that they are tried only when
   * nothing else explains what was seen.
   */
  candidates(): number[] {
    let firstReturn = Number.POSITIVE_INFINITY;
    const called: number[] = [];
    for (let at = this.#next[0]!; at >= 0; at = this.#next[at]!) {
      const operation = this.#operations[at - 1]!;
      if (operation.called > firstReturn) break;
      called.push(at - 1);
      if (operation.returned !== null) firstReturn = Math.min(firstReturn, operation.returned);
    }
    const possible = called.filter((i) => this.#rank[i]! <= this.#lowestRank);
    const known = possible.filter((i) => this.#operations[i]!.outcome.kind === 'ok');
    return [...known, ...possible.filter((i) => this.#operations[i]!.outcome.kind !== 'ok')];
  }

  /** Which are placed, as short as can be: everything before the first unplaced one is. */
  key(): string {
    const first = Math.max(0, this.#next[0]! - 1) >> 4;
    return `${first}:${String.fromCharCode(...this.#placed.subarray(first))}`;
  }
}

/** A write that took effect at a known position: its place among the others is known. */
function hasPlace(operation: Operation): boolean {
  return (
    operation.position !== null &&
    operation.outcome.kind === 'ok' &&
    !isRead(operation.action) &&
    mayHaveEffect(operation)
  );
}
