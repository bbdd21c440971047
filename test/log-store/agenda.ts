interface Due {
  readonly at: number;
  readonly order: number;
  readonly work: () => void;
}

/**
 * Timers whose time is made up: what is due next happens as soon as everything that was set off
 * before has run its course, promises included. So the order is the same in every run.
 */
export class Agenda {
  #now = 0;
  #order = 0;
  #due: Due[] = [];
  #turning = false;
  #waiters: (() => void)[] = [];

  readonly later = (work: () => void, ms: number): void => {
    this.#due.push({ at: this.#now + ms, order: this.#order++, work });
    if (!this.#turning) this.#turnSoon();
  };

  /** Resolves when nothing is due any more. */
  quiet(): Promise<void> {
    if (!this.#turning) this.#turnSoon();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #turnSoon(): void {
    this.#turning = true;
    setImmediate(() => this.#turn());
  }

  #turn(): void {
    const next = this.#takeFirst();
    if (next === undefined) {
      this.#turning = false;
      for (const resolve of this.#waiters.splice(0)) resolve();
      return;
    }
    this.#now = next.at;
    next.work();
    this.#turnSoon();
  }

  #takeFirst(): Due | undefined {
    let first = this.#due[0];
    for (const due of this.#due) {
      if (due.at < first!.at || (due.at === first!.at && due.order < first!.order)) first = due;
    }
    this.#due = this.#due.filter((due) => due !== first);
    return first;
  }
}
