import { checkBatch, checkStatement } from '../api/check.ts';
import type { Transaction } from '../api/database.ts';
import { REACHED_QUORUM } from '../api/durability.ts';
import type { QueryResult, Receipt, Statement, StatementResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { atStatement, PacelineError } from '../base/errors.ts';
import type { Clock, Timer } from './clock.ts';
import type { KeptState } from './take-snapshot.ts';
import {
  isAborted,
  isUsedUp,
  readOutlived,
  stateLost,
  usedAfterEnd,
} from './transaction-errors.ts';

export interface ReadTransactionTerms {
  readonly lifetimeMs: number;
  readonly sqlBytesMax: number;
  /** When it was asked for. */
  readonly startedMs: number;
}

/** What it needs of its handle. */
export interface ReadTransactionLink {
  readonly clock: Clock;
  /** It has ended. */
  readonly over: () => void;
}

/**
 * A transaction in mode `read`: one state of this member's copy, which it holds until it ends. The leader does not hear of it,
 * and nobody waits for it; but the WAL cannot be emptied meanwhile, so its life is bounded like any other's.
 */
export class ReadTransaction implements Transaction {
  readonly mode = 'read';
  readonly #state: KeptState;
  readonly #terms: ReadTransactionTerms;
  readonly #link: ReadTransactionLink;
  /** Stops a statement that runs on a thread of its own. */
  readonly #stop = new AbortController();
  readonly #timer: Timer;
  /** Why nothing can be read in it any more. */
  #ended: unknown = null;

  constructor(state: KeptState, terms: ReadTransactionTerms, link: ReadTransactionLink) {
    const { lifetimeMs } = terms;
    this.#state = state;
    this.#terms = terms;
    this.#link = link;
    this.#timer = link.clock.later(() => this.abort(readOutlived(lifetimeMs)), lifetimeMs);
  }

  get closed(): boolean {
    this.#look();
    return this.#ended !== null;
  }

  /** Whether its caller has committed it, rolled it back or closed it, before anybody else ended it. */
  get endedByCaller(): boolean {
    return isUsedUp(this.#ended);
  }

  /** Whether it was ended for no reason of its caller's, who may run it again. */
  get wasAborted(): boolean {
    return this.closed && isAborted(this.#ended);
  }

  async execute(sql: string, args?: SqlArgs): Promise<StatementResult> {
    const statement = args === undefined ? { sql } : { sql, args };
    checkStatement(statement, this.#terms.sqlBytesMax);
    return this.#read(statement);
  }

  async query(sql: string, args?: SqlArgs): Promise<QueryResult> {
    const { columns, rows } = await this.execute(sql, args);
    return { columns, rows };
  }

  async batch(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    checkBatch(statements, this.#terms.sqlBytesMax);
    const results: StatementResult[] = [];
    try {
      for (const statement of statements) results.push(await this.#read(statement));
      return results;
    } catch (error) {
      throw atStatement(error, results.length);
    }
  }

  /** There is nothing to commit: it lets its state go, and says which one that was. */
  async commit(): Promise<Receipt> {
    this.#check();
    this.abort(usedAfterEnd());
    const elapsedMs = this.#link.clock.now() - this.#terms.startedMs;
    return { position: this.#state.position, id: null, reached: REACHED_QUORUM, elapsedMs };
  }

  async rollback(): Promise<void> {
    this.#check();
    this.abort(usedAfterEnd());
  }

  async close(): Promise<void> {
    this.abort(usedAfterEnd());
  }

  /** Ends it; a statement that runs on a thread of its own is rejected with `why`. */
  abort(why: unknown): void {
    if (this.#ended !== null) return;
    this.#ended = why;
    this.#timer.cancel();
    this.#stop.abort(why);
    void this.#state.release();
    this.#link.over();
  }

  async #read({ sql, args }: Statement): Promise<StatementResult> {
    this.#check();
    try {
      const { columns, rows } = await this.#state.query(sql, args, this.#stop.signal);
      return { columns, rows, changes: 0, lastInsertRowid: 0 };
    } catch (error) {
      this.#check();
      if (error instanceof PacelineError && error.code === 'READ_ONLY') throw writesInRead();
      throw error;
    }
  }

  #check(): void {
    this.#look();
    if (this.#ended !== null) throw this.#ended;
  }

  /** Nobody tells when the state is taken away. */
  #look(): void {
    if (this.#ended === null && this.#state.ended) this.abort(stateLost());
  }
}

function writesInRead(): PacelineError {
  return new PacelineError(
    'READ_ONLY',
    'this statement writes, and its transaction is in mode read: begin one in mode write or deferred for it',
  );
}
