import type { Reached } from '../api/durability.ts';
import type { Position } from '../api/request.ts';
import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { Acknowledged, PendingWrite, PendingWrites } from './pending-writes.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import { type Fate, fateOf, type Settled } from './settlement.ts';

/** Ended leaderships that are remembered for answers that come late: far more than can end within a crossing of threads. */
const SETTLED_MAX = 16;

export interface DirectAnswersParts {
  readonly pending: PendingWrites;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly clock: Clock;
  /** Low bits of the term that the writes which are with the SQL thread were sent for. */
  readonly term: () => number;
  /** The leadership that it was executed in is over, and it cannot be answered here. */
  readonly undecided: (write: PendingWrite, fate: Fate) => void;
}

/** The answer to an executed write whose position is not committed yet. */
interface Executed {
  readonly write: PendingWrite;
  readonly position: Position;
  readonly answer: Acknowledged | PacelineError;
}

/** What this member's own SQL thread answers to writes, until that is certain, and as durable as was asked for (I4). */
export class DirectAnswers {
  readonly #parts: DirectAnswersParts;
  /** What waits to be committed. */
  #executed: Executed[] = [];
  /** What this member executed in the term that it leads is committed up to here. */
  #committed = 0;
  /** The last leaderships of this member that ended and are settled, the earliest first. */
  #settled: Settled[] = [];

  constructor(parts: DirectAnswersParts) {
    this.#parts = parts;
  }

  /** The threads' messages may overtake each other: the answer of an earlier leadership can come after it was settled. */
  executed(write: PendingWrite, position: Position, answer: Acknowledged | PacelineError): void {
    const settled = this.#settled.find(({ term }) => position.term <= term);
    const fate = settled === undefined ? null : fateOf(position, settled);
    // A refusal needs no more than not to be undone.
    const isForQuorum = write.durability === null || answer instanceof PacelineError;
    const isCommitted = fate === null && position.index <= this.#committed;
    if (isForQuorum && (isCommitted || fate === 'committed')) this.#answer(write, answer);
    else if (fate !== null) this.#parts.undecided(write, fate);
    else if (isForQuorum) this.#executed.push({ write, position, answer });
    else this.#reach(write, position, answer);
  }

  #reach(write: PendingWrite, position: Position, answer: Acknowledged): void {
    const { loop, clock, term } = this.#parts;
    const { key, durability, deadlineMs } = write;
    assert(durability !== null, 'what needs no more than a majority is not asked for');
    write.ran = { position, answer };
    const timeoutMs = Math.max(1, deadlineMs - clock.now());
    loop.post({ type: 'reach', key, term: term(), position, durability, timeoutMs });
  }

  /** A write with a durability is as durable as that; void for one that is not waited for any more. */
  reached(key: number, reached: Reached): void {
    const write = this.#parts.pending.get(key);
    if (write === undefined || write.ran === null) return;
    this.#answer(write, { ...write.ran.answer, reached });
  }

  /** Everything up to `index` of what this member executed is committed. */
  committed(index: number): void {
    this.#committed = index;
    let done = 0;
    for (const { write, position, answer } of this.#executed) {
      if (position.index > index) break;
      this.#answer(write, answer);
      done++;
    }
    if (done > 0) this.#executed.splice(0, done);
  }

  /** A leadership has ended: what is committed of it is answered. */
  settled(settled: Settled): void {
    this.#committed = 0;
    this.#settled = [...this.#settled, settled].slice(-SETTLED_MAX);
    const executed = this.#executed;
    this.#executed = [];
    for (const one of executed) {
      const { write, position, answer } = one;
      const fate = fateOf(position, settled);
      if (fate === null) this.#executed.push(one);
      else if (fate === 'committed') this.#answer(write, answer);
      else if (this.#parts.pending.get(write.key) !== undefined) this.#parts.undecided(write, fate);
    }
    this.#settleRan(settled);
  }

  /** Whether what is committed is as durable as was asked for only the new leader can tell. */
  #settleRan(settled: Settled): void {
    for (const write of this.#parts.pending.all()) {
      const fate = write.ran === null ? null : fateOf(write.ran.position, settled);
      if (fate === null) continue;
      write.ran = null;
      this.#parts.undecided(write, fate);
    }
  }

  #answer(write: PendingWrite, answer: Acknowledged | PacelineError): void {
    this.#parts.pending.answer(write, answer);
  }
}
