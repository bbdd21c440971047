import { checkBatch, checkStatement, ofBatch } from '../api/check.ts';
import type { Transaction } from '../api/database.ts';
import type { Reached } from '../api/durability.ts';
import type { Position, QueryResult, Receipt, Statement, StatementResult } from '../api/request.ts';
import type { TransactionStep } from '../api/transaction-wire.ts';
import type { SqlArgs } from '../api/value.ts';
import { decodeResults } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import { refuseSavepointAlone } from '../sqlite/savepoints.ts';
import type { Clock, Timer } from './clock.ts';
import type { ForwardAnswer } from './protocol.ts';
import { isAborted, isUsedUp, outlived, usedAfterEnd } from './transaction-errors.ts';

/** After its lifetime the leader says that it was rolled back; past this nobody will. */
const SILENCE_MS = 1_000;
/** Statements that were asked and are not answered; then OVERLOADED. To end it can always be asked. */
const STEPS_MAX = 1_024;

export interface TransactionTerms {
  readonly mode: WriteMode;
  /** The request id that its commit is recorded under. */
  readonly id: string;
  readonly timeoutMs: number;
  readonly lifetimeMs: number;
  readonly sqlBytesMax: number;
}

export type WriteMode = 'write' | 'deferred';

interface Committed {
  readonly position: Position;
  readonly reached: Reached;
}

/** What a transaction needs of its handle. */
export interface TransactionLink {
  readonly clock: Clock;
  readonly send: (key: number, step: TransactionStep) => void;
  /** No answer is waited for any more. */
  readonly forget: () => void;
  readonly committed: (position: Position) => void;
  /** It has ended. */
  readonly over: () => void;
  /** Where the commit recorded under the id is, null if there is none, nor will be. */
  readonly committedAt: () => Promise<Committed | null>;
}

type Answer = Exclude<ForwardAnswer, { readonly error: unknown }>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** An interactive transaction on the leader, as its caller sees it. */
export class OpenTransaction implements Transaction {
  readonly #terms: TransactionTerms;
  readonly #link: TransactionLink;
  readonly #waiting = new Map<number, Waiting>();
  #nextKey = 1;
  /** Statements that were asked and are not answered; those that wait for its turn, too. */
  #running = 0;
  #begun: Promise<unknown> | null = null;
  #timer: Timer | null = null;
  /** Why nothing can be asked of it any more. */
  #ended: unknown = null;
  #committing = false;
  /**
   * What its commit has found out. It may have ended before by what the leader said, who did not know the outcome: run again, its
   * work would meet what it has done itself.
   */
  #aborted: boolean | null = null;

  constructor(terms: TransactionTerms, link: TransactionLink) {
    this.#terms = terms;
    this.#link = link;
  }

  get mode(): WriteMode {
    return this.#terms.mode;
  }

  get closed(): boolean {
    return this.#ended !== null;
  }

  /** Whether its caller has committed it, rolled it back or closed it, before anybody else ended it. */
  get endedByCaller(): boolean {
    return this.#aborted !== null || isUsedUp(this.#ended);
  }

  /** Whether it was rolled back for no reason of its caller's, who may run it again. */
  get wasAborted(): boolean {
    return this.#aborted ?? isAborted(this.#ended);
  }

  /** Resolves when its turn has come. */
  begin(): Promise<unknown> {
    this.#begun ??= this.#begin();
    return this.#begun;
  }

  async execute(sql: string, args?: SqlArgs): Promise<StatementResult> {
    return this.#runOne(args === undefined ? { sql } : { sql, args }, false);
  }

  async query(sql: string, args?: SqlArgs): Promise<QueryResult> {
    const { columns, rows } = await this.#runOne(
      args === undefined ? { sql } : { sql, args },
      true,
    );
    return { columns, rows };
  }

  async batch(statements: readonly Statement[]): Promise<readonly StatementResult[]> {
    checkBatch(statements, this.#terms.sqlBytesMax);
    refuseSavepointAlone(statements);
    try {
      return await this.#run(statements, false);
    } catch (error) {
      throw ofBatch(error, statements);
    }
  }

  async commit(): Promise<Receipt> {
    const { id } = this.#terms;
    const { clock } = this.#link;
    const startedMs = clock.now();
    await this.#ready();
    this.#committing = true;
    try {
      const { position, reached } = await this.#commit();
      this.#aborted = false;
      this.#link.committed(position);
      return { position, id, reached, elapsedMs: clock.now() - startedMs };
    } catch (error) {
      this.#aborted = isAborted(error);
      throw error;
    } finally {
      this.#end(usedAfterEnd());
    }
  }

  async rollback(): Promise<void> {
    if (this.#begun === null) return this.#end(usedAfterEnd());
    await this.#ready();
    const answered = this.#ask({ type: 'roll-back' });
    this.#ended = usedAfterEnd();
    try {
      await answered;
    } catch (error) {
      if (!isAborted(error)) throw error;
    } finally {
      this.#end(usedAfterEnd());
    }
  }

  async close(): Promise<void> {
    if (this.closed || this.#committing) return;
    // Whatever went wrong, the leader rolls it back, at the latest when its time is up.
    await this.rollback().catch(() => this.abort(usedAfterEnd()));
  }

  /** What the leader says about a step. */
  answered(key: number, answer: ForwardAnswer): void {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    if ('error' in answer) waiting?.reject(PacelineError.fromRecord(answer.error));
    else waiting?.resolve(answer);
  }

  /** It was rolled back, or nobody will say more; whoever waits for a step is told. */
  abort(error: unknown): void {
    this.#end(error);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(error);
  }

  async #begin(): Promise<void> {
    const { id, lifetimeMs, timeoutMs } = this.#terms;
    const { clock } = this.#link;
    const turn = clock.later(() => this.#giveUp(noTurn(timeoutMs)), timeoutMs);
    try {
      await this.#ask({ type: 'begin', id, lifetimeMs });
    } catch (error) {
      this.#end(error);
      throw error;
    } finally {
      turn.cancel();
    }
    this.#timer = clock.later(() => this.#giveUp(outlived(lifetimeMs)), lifetimeMs + SILENCE_MS);
  }

  /** For a reason of this side. */
  #giveUp(error: unknown): void {
    this.#link.forget();
    this.abort(error);
  }

  /** Its caller's signal. Of a commit that is under way nobody waits for the outcome any more. */
  cancel(reason: unknown): void {
    if (!this.closed) this.#giveUp(this.#committing ? notAwaited(this.#terms.id, reason) : reason);
  }

  async #runOne(statement: Statement, readOnly: boolean): Promise<StatementResult> {
    checkStatement(statement, this.#terms.sqlBytesMax);
    const [result] = await this.#run([statement], readOnly);
    return result!;
  }

  /** The statements must have been checked. */
  async #run(
    statements: readonly Statement[],
    readOnly: boolean,
  ): Promise<readonly StatementResult[]> {
    if (this.#running >= STEPS_MAX)
      throw new PacelineError('OVERLOADED', `${STEPS_MAX} statements of this transaction wait`);
    this.#running++;
    try {
      await this.#ready();
      const { results } = await this.#ask({ type: 'run', statements, readOnly });
      return decodeResults(results);
    } finally {
      this.#running--;
    }
  }

  /** Throws once it has ended. Steps go out in the order in which they were asked, so only the first one waits. */
  async #ready(): Promise<void> {
    this.#check();
    if (this.#timer !== null) return;
    await this.begin();
    this.#check();
  }

  #check(): void {
    if (this.#ended !== null) throw this.#ended;
    if (this.#committing) throw usedAfterEnd();
  }

  #ask(step: TransactionStep): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const key = this.#nextKey++;
      this.#waiting.set(key, { resolve, reject });
      this.#link.send(key, step);
    });
  }

  async #commit(): Promise<Committed> {
    try {
      return await this.#ask({ type: 'commit' });
    } catch (error) {
      const known = isAborted(error) ? await this.#committedAt(error) : null;
      if (known === null) throw error;
      return known;
    }
  }

  async #committedAt(error: unknown) {
    try {
      return await this.#link.committedAt();
    } catch (cause) {
      const { id } = this.#terms;
      const message = `the commit was sent, and its outcome could not be learned in time: ask with outcome() and the request id ${id}`;
      throw new PacelineError('OUTCOME_UNKNOWN', message, { cause: cause ?? error, requestId: id });
    }
  }

  #end(why: unknown): void {
    this.#ended ??= why;
    this.#timer?.cancel();
    this.#link.over();
  }
}

function notAwaited(id: string, reason: unknown): PacelineError {
  const message = `the commit was sent, and its signal ended the waiting: ask with outcome() and the request id ${id}`;
  return new PacelineError('OUTCOME_UNKNOWN', message, { cause: reason, requestId: id });
}

function noTurn(timeoutMs: number): PacelineError {
  return new PacelineError(
    'TIMED_OUT',
    `the transaction waited ${timeoutMs} ms for a leader, or for other transactions to end, and was not begun`,
  );
}
