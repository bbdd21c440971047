import type { Statement, StatementResult } from '../api/request.ts';
import { assert } from '../base/assert.ts';
import { asPacelineError, type ErrorRecord } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { Executed } from './engine-parts.ts';
import { tooLarge } from './entry-data.ts';
import type { Executor } from './executor.ts';
import { isStorageError } from './sql-error.ts';

export interface InteractiveParts {
  readonly executor: Pick<Executor, 'isOpen' | 'start' | 'step' | 'find' | 'finish' | 'undo'>;
  /** Takes SQLite's writer lock where it is not held. */
  readonly lock: () => void;
  readonly position: () => EntryId;
  /** Bytes of log that one commit may cost. */
  readonly bytesMax: number;
  /** Makes an entry of what `work` commits at the id that it is given; null if it was too large, and undone. */
  readonly commit: (work: (id: EntryId) => void, mayBeLost: boolean) => Executed | null;
}

/** How a COMMIT went: `executed` is null where nothing had been changed. */
export type Finished =
  | { readonly position: EntryId; readonly executed: Executed | null }
  | { readonly error: ErrorRecord; readonly position?: EntryId };

/**
 * The transaction of one caller that stays open between its statements. It has the writer connection, and SQLite's open
 * transaction, to itself; everything else that writes waits until it has ended.
 */
export class Interactive {
  readonly #parts: InteractiveParts;
  #open = false;

  constructor(parts: InteractiveParts) {
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#open;
  }

  /** Returns the position that it starts from, which need not be committed yet. Throws DATABASE_BUSY, FOREIGN_WRITE. */
  begin(): EntryId {
    assert(!this.#open, 'one interactive transaction at a time');
    this.#parts.lock();
    this.#parts.executor.start();
    this.#open = true;
    return this.#parts.position();
  }

  /**
   * Runs the statements, all or none; after an error the transaction goes on. It does not where SQLite undid it (OR
   * ROLLBACK), and not after a fault of the disk: then `open` is false.
   */
  run(statements: readonly Statement[], readOnly: boolean): readonly StatementResult[] {
    const { executor } = this.#parts;
    try {
      const ran = executor.step(statements, readOnly);
      return ran.map(({ result }) => result);
    } catch (error) {
      if (!executor.isOpen || isStorageError(asPacelineError(error))) this.rollBack();
      throw error;
    }
  }

  /** Ends it, well or not. What was committed under this id before is answered again, and nothing done (I9). */
  commit(id: string, mayBeLost: boolean): Finished {
    const { executor, bytesMax, commit } = this.#parts;
    const known = executor.find(id);
    if (known !== null) {
      this.rollBack();
      return 'error' in known ? known : { position: known.position, executed: null };
    }
    this.#open = false;
    const executed = commit((at) => executor.finish(id, at), mayBeLost);
    if (executed === null) return { error: tooLarge(bytesMax).toRecord() };
    return { position: executed.id, executed };
  }

  /** Ends it with nothing done. */
  rollBack(): void {
    this.#open = false;
    this.#parts.executor.undo();
  }

  /** The writer connection was taken from it. */
  lost(): void {
    this.#open = false;
  }
}
