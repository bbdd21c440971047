import { PacelineError } from '../base/errors.ts';
import type { ReadConditions, Seen } from './read-conditions.ts';
import type { ReadRequest } from './read-request.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Reads without a promise. What an asynchronous read would wait for makes the calling thread stand still here, until
 * the request's deadline: the threads that bring it about, the loop and the SQL thread, are others. When the database is
 * to be replaced it stands still no longer, since nobody can replace it before this thread has closed its connections.
 */
export class InPlaceReads {
  readonly #shared: SharedState;
  readonly #conditions: ReadConditions;
  readonly #now: () => number;

  constructor(shared: SharedState, conditions: ReadConditions, now: () => number) {
    this.#shared = shared;
    this.#conditions = conditions;
    this.#now = now;
  }

  /** Calls `look` when this copy has what the request must see, until what it returns may be returned. Throws what cannot be waited for. */
  read<T>(request: ReadRequest, look: () => T, first: Seen<T> | null = null): T {
    const conditions = this.#conditions;
    for (let seen = first; ; seen = null) {
      const looked = seen ?? this.#look(request, look);
      const isSettled = () => conditions.isSettled(looked);
      this.#until(isSettled, request, () => conditions.notCommitted());
      if (conditions.holds(looked)) return looked.value;
    }
  }

  #look<T>(request: ReadRequest, look: () => T): Seen<T> {
    const conditions = this.#conditions;
    const mayRead = () => conditions.mayRead(request);
    this.#until(mayRead, request, () => conditions.notServed(request));
    const { undone } = this.#shared;
    const value = look();
    return { value, undone, visible: this.#shared.visible };
  }

  #until(isTrue: () => boolean, { deadlineMs }: ReadRequest, tooLate: () => PacelineError): void {
    if (isTrue()) return;
    if (this.#shared.block(isTrue, deadlineMs - this.#now(), this.#now)) return;
    throw this.#shared.readersLeave ? beingReplaced() : tooLate();
  }
}

function beingReplaced(): PacelineError {
  return new PacelineError(
    'NOT_READY',
    'the database of this member is being replaced, and what this read waits for cannot come before: ask another member, or again when this turn of the event loop is over',
  );
}
