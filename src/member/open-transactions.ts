import { encodeResults } from '../api/wire.ts';
import { asPacelineError, type PacelineError } from '../base/errors.ts';
import type { Engine } from '../sqlite/engine.ts';
import type { Executed } from '../sqlite/engine-parts.ts';
import { isStorageError } from '../sqlite/sql-error.ts';
import type { Clock, Timer } from './clock.ts';
import { refusesCommits } from './fault-kinds.ts';
import type { LoopToSql, SqlAnswer, SqlToLoop, TransactionRef } from './protocol.ts';
import { aborted, notOpen, outlived } from './transaction-errors.ts';
import type { QueuedTransaction, WriteQueue } from './write-queue.ts';

export interface OpenTransactionsParts {
  readonly clock: Clock;
  readonly queue: WriteQueue;
  /** Null while there is no database to work on. */
  readonly engine: () => Engine | null;
  readonly emit: (executed: Executed) => void;
  /** A step or a commit failed. */
  readonly refused: (error: PacelineError) => void;
  readonly tellLoop: (message: SqlToLoop) => void;
  readonly turn: (work: () => void) => void;
}

type Step = Extract<LoopToSql, { type: 'transaction' }>;

const NOTHING = encodeResults([]);

/**
 * The SQL thread's side of interactive transactions: one at a time has the writer connection, the others wait in the
 * queue among the writes. It is rolled back when its time is up, when its member is out of reach, and whenever the
 * writer connection is needed for something that cannot wait.
 */
export class OpenTransactions {
  readonly #parts: OpenTransactionsParts;
  #current: QueuedTransaction | null = null;
  #timer: Timer | null = null;

  constructor(parts: OpenTransactionsParts) {
    this.#parts = parts;
  }

  /** While true nothing else may be run on the writer connection. */
  get busy(): boolean {
    return this.#current !== null;
  }

  /** Its turn has come. Throws what a lock or a foreign process prevents; then its caller was told. */
  start(transaction: QueuedTransaction, engine: Engine): void {
    const { clock, turn } = this.#parts;
    const { key, lifetimeMs } = transaction;
    try {
      const position = engine.interactive.begin();
      this.#answer(transaction, key, { results: NOTHING, position });
    } catch (error) {
      this.#answer(transaction, key, { error: asPacelineError(error).toRecord() });
      throw error;
    }
    this.#current = transaction;
    this.#timer = clock.later(() => turn(() => this.#outlived(transaction)), lifetimeMs);
  }

  take({ from, name, key, step, mayBeLost }: Step): void {
    const ref = { from, name };
    if (step.type === 'begin') {
      const { id, lifetimeMs } = step;
      // Sent again by a member that had lost sight of its leader; a second one would be open when the first has ended.
      if (this.#has(ref)) return;
      return this.#parts.queue.push({ ...ref, key, id, lifetimeMs });
    }
    const current = this.#current;
    const engine = this.#parts.engine();
    if (current === null || engine === null || !isSame(current, ref)) {
      this.#parts.queue.removeTransactions((one) => isSame(one, ref));
      return this.#answer(ref, key, { error: notOpen().toRecord() });
    }
    if (step.type === 'run') this.#run(current, key, step, engine);
    else if (step.type === 'commit') this.#commit(current, key, engine, mayBeLost);
    else {
      this.#over();
      engine.interactive.rollBack();
      this.#answer(ref, key, { results: NOTHING, position: engine.position });
    }
  }

  #has(ref: TransactionRef): boolean {
    if (this.#current !== null && isSame(this.#current, ref)) return true;
    return this.#parts.queue.hasTransaction((one) => isSame(one, ref));
  }

  /** Call in every turn: whoever took the writer connection away does not know whose it was. */
  look(): void {
    if (this.#current === null || this.#parts.engine()?.interactive.open === true) return;
    this.#end(aborted('this leader lost its leadership, or its database'));
  }

  /** Somebody wants to know what became of the write with this id: if it is not committed yet, it will not be. */
  abandon(id: string): void {
    this.#undoWhere((one) => one.id === id, 'its outcome was asked for before it was committed');
  }

  drop(from: string): void {
    this.#undoWhere((one) => one.from === from, 'the connection with its member was lost');
  }

  abortAll(why: string): void {
    this.#undoWhere(() => true, why);
  }

  #undoWhere(is: (one: QueuedTransaction) => boolean, why: string): void {
    for (const one of this.#parts.queue.removeTransactions(is)) this.#tell(one, aborted(why));
    if (this.#current !== null && is(this.#current)) this.#undo(aborted(why));
  }

  #outlived(transaction: QueuedTransaction): void {
    if (this.#current === transaction) this.#undo(outlived(transaction.lifetimeMs));
  }

  #undo(error: PacelineError): void {
    this.#end(error);
    const interactive = this.#parts.engine()?.interactive;
    if (interactive?.open === true) interactive.rollBack();
  }

  #run(
    current: QueuedTransaction,
    key: number,
    { statements, readOnly }: Extract<Step['step'], { type: 'run' }>,
    engine: Engine,
  ): void {
    try {
      const results = encodeResults(engine.interactive.run(statements, readOnly));
      this.#answer(current, key, { results, position: engine.position });
    } catch (error) {
      const failure = asPacelineError(error);
      // What SQLite refuses tells of what is there, too (I5).
      this.#answer(current, key, { error: failure.toRecord(), position: engine.position });
      if (!engine.interactive.open) this.#end(aborted(failure.message));
      if (concernsAll(failure)) throw failure;
      this.#parts.refused(failure);
    }
  }

  #commit(current: QueuedTransaction, key: number, engine: Engine, mayBeLost: boolean): void {
    const { emit } = this.#parts;
    this.#over();
    try {
      const finished = engine.interactive.commit(current.id, mayBeLost);
      if ('executed' in finished && finished.executed !== null) emit(finished.executed);
      if ('error' in finished) return this.#answer(current, key, finished);
      this.#answer(current, key, { results: NOTHING, position: finished.position });
    } catch (error) {
      const failure = asPacelineError(error);
      this.#answer(current, key, { error: failure.toRecord() });
      if (concernsAll(failure)) throw failure;
      this.#parts.refused(failure);
    }
  }

  #end(error: PacelineError): void {
    const current = this.#current;
    this.#over();
    if (current !== null) this.#tell(current, error);
  }

  #answer({ from, name }: TransactionRef, key: number, answer: SqlAnswer): void {
    this.#parts.tellLoop({ type: 'transaction-answer', from, name, key, answer });
  }

  /** It was undone without having been asked to. */
  #tell({ from, name }: TransactionRef, error: PacelineError): void {
    this.#parts.tellLoop({ type: 'transaction-ended', from, name, error: error.toRecord() });
  }

  #over(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#current = null;
  }
}

/** A full disk undoes one transaction; a damaged database is not for its caller to deal with. */
function concernsAll(failure: PacelineError): boolean {
  return isStorageError(failure) && !refusesCommits(failure.code);
}

function isSame(one: TransactionRef, other: TransactionRef): boolean {
  return one.from === other.from && one.name === other.name;
}
