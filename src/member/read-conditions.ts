import { PacelineError } from '../base/errors.ts';
import type { ReadRequest } from './read-request.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';

/** What a read returned, with what is needed to tell whether it may be. */
export interface Seen<T> {
  readonly value: T;
  /** Low bits of the index up to which it may have seen data. */
  readonly visible: number;
  /** How often commits had been undone when it began. */
  readonly undone: number;
}

export interface ConditionParts {
  readonly shared: SharedState;
  readonly session: Session;
  readonly now: () => number;
  readonly electionTimeoutMs: number;
}

/** When a read may be made, and when what it saw may be returned: questions to shared memory, for reads that wait in whatever way. */
export class ReadConditions {
  readonly #parts: ConditionParts;

  constructor(parts: ConditionParts) {
    this.#parts = parts;
  }

  /** Whether this copy has what the read must see. Throws POSITION_LOST. */
  mayRead(request: ReadRequest): boolean {
    const { shared, session } = this.#parts;
    if (shared.isNew || request.after?.look() === false) return false;
    switch (request.level) {
      case 'eventual':
        return true;
      case 'session':
        return session.look();
      case 'bounded':
        return this.#isInBounds(request);
      case 'strong':
        return request.readIndex !== null && shared.hasApplied(request.readIndex);
    }
  }

  #isInBounds(request: ReadRequest): boolean {
    const within = this.#lagIsWithin(request);
    this.#parts.shared.wantAge(!within);
    return within;
  }

  #lagIsWithin({ maxLagMs, maxLagEntries, startMs }: ReadRequest): boolean {
    const { shared, now, electionTimeoutMs } = this.#parts;
    if (maxLagMs !== null) {
      const ageMs = shared.ageMs(startMs);
      if (ageMs === null || ageMs > maxLagMs) return false;
    }
    if (maxLagEntries === null) return true;
    const lag = shared.provenLag(now());
    return lag !== null && lag.ms <= electionTimeoutMs && lag.entries <= maxLagEntries;
  }

  /** Whether what was seen is committed (I5), or has been undone. */
  isSettled({ visible, undone }: Seen<unknown>): boolean {
    const { shared } = this.#parts;
    return shared.isCommitted(visible) || shared.undone !== undone;
  }

  /** Of what is settled: whether it may be returned. An undo is noted before the suspicion that it caused is lifted. */
  holds({ visible, undone }: Seen<unknown>): boolean {
    const { shared, session } = this.#parts;
    if (shared.undone !== undone) return false;
    session.noteRead(visible);
    return true;
  }

  /** Why a read could not be made in time, with how far behind this member is. */
  notServed(request: ReadRequest): PacelineError {
    if (this.#parts.shared.isNew) return this.#isNew();
    if (request.level === 'strong' && request.readIndex === null)
      return new PacelineError(
        'NO_LEADER',
        `no leader confirmed in time what is committed, as a read at level strong needs; ${this.#lag()}: a majority must be up and connected`,
      );
    return new PacelineError(
      'LAGGING',
      `this member did not get in time to what the read must see (level ${request.level}); ${this.#lag()}: read at another member, with "forward", or again`,
    );
  }

  #isNew(): PacelineError {
    return new PacelineError(
      'NOT_READY',
      `this member began empty and has not caught up with the cluster yet; ${this.#lag()}: read at another member, with "forward", or again`,
    );
  }

  notCommitted(): PacelineError {
    return new PacelineError(
      'NOT_READY',
      `what this read would return is not known to be committed: this member has no contact with a majority; ${this.#lag()}`,
    );
  }

  #lag(): string {
    const { shared, now } = this.#parts;
    const applied = shared.applied;
    const behind = Math.max(0, shared.committedAfter(applied) - applied);
    const known = `it has applied entry ${applied}, ${behind} behind the commit index that it knows`;
    const lag = shared.provenLag(now());
    const when = lag === null ? 'not lately' : `${Math.max(0, lag.ms)} ms ago`;
    return `${known}, and a leader last confirmed one ${when}`;
  }
}
