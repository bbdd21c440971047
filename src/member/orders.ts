import { passes } from './fault-kinds.ts';
import type { LoopToSql } from './protocol.ts';

export interface OrdersParts {
  readonly carryOut: (order: LoopToSql) => void;
  /** A checkpoint has SQLite's writer lock, or a moment ago something did not work. */
  readonly mustWait: () => boolean;
}

/**
 * What the loop orders, carried out one by one. One that fails for a reason that passes, as a full disk does, stays
 * the next one: the loop waits for its answer, and those behind it rely on it.
 */
export class Orders {
  readonly #parts: OrdersParts;
  #waiting: LoopToSql[] = [];

  constructor(parts: OrdersParts) {
    this.#parts = parts;
  }

  readonly take = (order: LoopToSql): void => {
    this.#waiting.push(order);
  };

  /** Throws what an order throws; the others wait. */
  carryOut(): void {
    while (this.#waiting.length > 0 && !this.#parts.mustWait()) {
      const order = this.#waiting.shift()!;
      try {
        this.#parts.carryOut(order);
      } catch (error) {
        if (passes(error)) this.#waiting.unshift(order);
        throw error;
      }
    }
  }

  /** Whether the end of the member waits behind orders that cannot be carried out; then they are void. */
  takeClose(): boolean {
    const closes = this.#waiting.some(({ type }) => type === 'close');
    if (closes) this.#waiting = [];
    return closes;
  }
}
