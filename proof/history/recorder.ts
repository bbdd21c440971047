import type { Position } from '../../src/api/request.ts';
import { assert } from '../../src/base/assert.ts';
import type { Action, Operation, Outcome, ReadLevel } from './operation.ts';

/** A called operation that waits for its answer. */
export interface Pending {
  readonly client: number;
  readonly action: Action;
  readonly called: number;
  readonly level: ReadLevel | null;
}

/** Collects a history while it happens. */
export class Recorder {
  readonly #operations: Operation[] = [];
  readonly #pending = new Set<Pending>();

  called(client: number, action: Action, level: ReadLevel | null, now: number): Pending {
    const pending = { client, action, called: now, level };
    this.#pending.add(pending);
    return pending;
  }

  /** An unknown outcome leaves the operation open: it may take effect later. */
  returned(pending: Pending, outcome: Outcome, position: Position | null, now: number): Operation {
    assert(this.#pending.delete(pending), 'an operation returns once');
    assert(now >= pending.called, 'an operation returns after its call');
    const returned = outcome.kind === 'unknown' ? null : now;
    const operation = { ...pending, returned, outcome, position };
    this.#operations.push(operation);
    return operation;
  }

  /** All operations in the order of their calls, the unanswered ones with an unknown outcome. */
  history(): Operation[] {
    const open = [...this.#pending].map(
      (pending): Operation => ({
        ...pending,
        returned: null,
        outcome: { kind: 'unknown' },
        position: null,
      }),
    );
    return [...this.#operations, ...open].sort((a, b) => a.called - b.called);
  }
}
