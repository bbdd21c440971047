import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { Reader } from '../sqlite/reader.ts';
import type { Clock } from './clock.ts';
import type { SharedState } from './shared-state.ts';

/** A read that met data not yet committed looks again at least this often; on the leader it is woken earlier. */
const LOOK_AGAIN_MS = 2;

/** Opens a connection to the database that only reads. */
export type OpenReader = () => Pick<Reader, 'query' | 'close'>;

/**
 * Reads of this member's own copy on the calling thread, never of uncommitted data (I5): if there may have been some
 * in what was read, the answer waits until it is committed, and is read again if it was undone instead.
 */
export class LocalReads {
  readonly #openReader: OpenReader;
  readonly #shared: SharedState;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  #reader: ReturnType<OpenReader> | null = null;
  #mayOpen = false;
  #opened = false;
  #onOpen: (() => void) | null = null;
  #waiting: (() => void)[] = [];

  constructor(openReader: OpenReader, shared: SharedState, clock: Clock, timeoutMs: number) {
    this.#openReader = openReader;
    this.#shared = shared;
    this.#clock = clock;
    this.#timeoutMs = timeoutMs;
  }

  /** Rejects with what SQLite says; NOT_READY if the data that it would have to wait for is not committed in time. */
  query(sql: string, args: SqlArgs | undefined): Promise<QueryResult> {
    try {
      const undone = this.#shared.undone;
      const result = this.#open().query(sql, args, this.#shared.schema);
      const visible = this.#shared.visible;
      if (!this.#shared.isCommitted(visible) || this.#shared.undone !== undone)
        return this.#whenCommitted(sql, args, result, visible, undone);
      return Promise.resolve(result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** An undo is noted before the suspicion that it caused is lifted, so it cannot slip in between the two looks. */
  async #whenCommitted(
    sql: string,
    args: SqlArgs | undefined,
    first: QueryResult,
    firstVisible: number,
    firstUndone: number,
  ): Promise<QueryResult> {
    const deadline = this.#clock.now() + this.#timeoutMs;
    let [result, visible, undone] = [first, firstVisible, firstUndone];
    for (;;) {
      while (!this.#shared.isCommitted(visible) && this.#shared.undone === undone)
        await this.#change(deadline);
      if (this.#shared.undone === undone) return result;
      undone = this.#shared.undone;
      result = this.#open().query(sql, args, this.#shared.schema);
      visible = this.#shared.visible;
    }
  }

  /** The files are open, or were replaced. */
  mayOpen(): void {
    this.#mayOpen = true;
    this.#onOpen?.();
  }

  /** Resolves when the files are open for the first time. */
  whenOpen(): Promise<void> {
    if (this.#mayOpen) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onOpen = resolve;
    });
  }

  /** The files are about to be replaced. */
  closeReaders(): void {
    this.#mayOpen = false;
    this.#reader?.close();
    this.#reader = null;
  }

  /** Whether connections may still be open although they were closed. */
  get leftConnections(): boolean {
    return this.#opened && !Reader.closesAtOnce;
  }

  /** The commit index moved. */
  wake(): void {
    if (this.#waiting.length === 0) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const go of waiting) go();
  }

  #open(): ReturnType<OpenReader> {
    if (!this.#mayOpen)
      throw new PacelineError(
        'NOT_READY',
        'this member is fetching its database: ask another member, or again in a moment',
      );
    this.#reader ??= this.#openReader();
    this.#opened = true;
    return this.#reader;
  }

  async #change(deadline: number): Promise<void> {
    if (this.#clock.now() > deadline)
      throw new PacelineError(
        'NOT_READY',
        'what this read would return is not known to be committed: this member has no contact with a majority',
      );
    await new Promise<void>((resolve) => {
      const timer = this.#clock.later(resolve, LOOK_AGAIN_MS);
      this.#waiting.push(() => {
        timer.cancel();
        resolve();
      });
    });
  }
}
