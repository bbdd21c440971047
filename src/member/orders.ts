import type { LoopToSql } from './protocol.ts';

/** What the loop orders, carried out in its order; while the database may not be touched, it waits. */
export class Orders {
  readonly #mayNotTouch: () => boolean;
  readonly #carryOut: (order: LoopToSql) => void;
  #waiting: LoopToSql[] = [];

  constructor(mayNotTouch: () => boolean, carryOut: (order: LoopToSql) => void) {
    this.#mayNotTouch = mayNotTouch;
    this.#carryOut = carryOut;
  }

  readonly take = (order: LoopToSql): void => {
    if (this.#waiting.length > 0 || this.#mayNotTouch()) this.#waiting.push(order);
    else this.#carryOut(order);
  };

  carryOutWaiting(): void {
    while (this.#waiting.length > 0 && !this.#mayNotTouch()) this.#carryOut(this.#waiting.shift()!);
  }
}
