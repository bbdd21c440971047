import { closeSync } from 'node:fs';
import { checkArgs, checkBatch, checkSql, checkStatement, ofBatch } from '../api/check.ts';
import type { LocalDatabase, Transaction, TransferOptions } from '../api/database.ts';
import type { LoadItems, LoadOptions, LoadProgress } from '../api/load.ts';
import type { PrepareOptions, ReadOptions } from '../api/read-options.ts';
import type { ReadStatement, Snapshot } from '../api/reads.ts';
import type {
  BatchResult,
  ExecuteResult,
  OutcomeOptions,
  QueryResult,
  Statement,
  WriteOptions,
  WriteOutcome,
} from '../api/request.ts';
import type { Status } from '../api/status.ts';
import type {
  TransactionMode,
  TransactionOptions,
  TransactionRunOptions,
} from '../api/transaction.ts';
import type { SqlArgs } from '../api/value.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import { closed, unknownOutcome } from './handle-errors.ts';
import { load } from './load.ts';
import { LoopCalls } from './loop-calls.ts';
import type { Logger, MemberOptions } from './options.ts';
import { ofOne } from './pending-writes.ts';
import type { Port } from './port.ts';
import type { AppToLoop, AppToSql, LoopToApp, SqlToApp } from './protocol.ts';
import type { StartReader } from './reader-thread.ts';
import { Reads } from './reads.ts';
import type { SharedState } from './shared-state.ts';
import { tellWrites } from './tell-writes.ts';
import type { OpenReader } from './this-copy.ts';
import { Transactions } from './transactions.ts';
import { WritePath } from './write-path.ts';

export interface HandleParts {
  readonly options: MemberOptions;
  readonly openReader: OpenReader;
  /** Starts a thread for long reads; where it is missing there are none. */
  readonly startReader?: StartReader;
  readonly sql: Port<SqlToApp, AppToSql>;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly shared: SharedState;
  readonly clock: Clock;
  /** Begins the request ids that this handle makes; no other handle has the same. */
  readonly idPrefix: string;
  readonly logger: Logger | null;
  /** Called once both threads have let go of everything, whether or not that was asked for. */
  readonly onClosed: () => Promise<void>;
}

interface OnReady {
  readonly resolve: (address: string) => void;
  readonly reject: (error: PacelineError) => void;
}

/** The member as the application's thread sees it: writes go to the SQL thread or to the leader, reads are done right here. */
export class Handle implements LocalDatabase {
  readonly #parts: HandleParts;
  readonly #writes: WritePath;
  readonly #transactions: Transactions;
  readonly #reads: Reads;
  readonly #calls: LoopCalls;
  #failure: PacelineError | null = null;
  #closing: Promise<void> | null = null;
  #onReady: OnReady | null = null;
  #onClosed: (() => void) | null = null;
  #threadsClosed = false;
  readonly #descriptors: number[] = [];
  /** Where this member listens for the others. */
  address = '';

  constructor(parts: HandleParts) {
    const { sql, loop } = parts;
    this.#parts = parts;
    this.#writes = new WritePath(parts);
    this.#calls = new LoopCalls(parts);
    this.#transactions = new Transactions({
      ...parts,
      writes: this.#writes,
      keep: (options) => this.#reads.keep(options),
      wrote: (position) => this.#reads.wrote(position),
    });
    this.#reads = new Reads(parts);
    sql.listen((messages) => messages.forEach(this.#fromSql));
    loop.listen((messages) => messages.forEach(this.#fromLoop));
  }

  /** Resolves when the member serves; rejects if it cannot. */
  async ready(): Promise<void> {
    const listening = new Promise<string>((resolve, reject) => {
      this.#onReady = { resolve, reject };
      if (this.#failure !== null) reject(this.#failure);
    });
    this.address = await listening;
    // The threads' messages come in no fixed order.
    await this.#reads.whenOpen();
  }

  async execute(sql: string, args?: SqlArgs, options: WriteOptions = {}): Promise<ExecuteResult> {
    const statement = args === undefined ? { sql } : { sql, args };
    checkStatement(statement, this.#parts.options.sqlBytesMax);
    this.#checkOpen();
    const receipt = await this.#writes.write([statement], options);
    this.#reads.wrote(receipt.position);
    return ofOne(receipt);
  }

  async batch(statements: readonly Statement[], options: WriteOptions = {}): Promise<BatchResult> {
    checkBatch(statements, this.#parts.options.sqlBytesMax);
    this.#checkOpen();
    try {
      const receipt = await this.#writes.write(statements, options);
      this.#reads.wrote(receipt.position);
      return receipt;
    } catch (error) {
      throw ofBatch(error, statements);
    }
  }

  transaction<T>(
    work: (transaction: Transaction) => Promise<T>,
    options?: TransactionRunOptions,
  ): Promise<T>;
  transaction(mode?: TransactionMode, options?: TransactionOptions): Promise<Transaction>;
  async transaction<T>(
    first: TransactionMode | ((transaction: Transaction) => Promise<T>) = 'write',
    options: TransactionRunOptions = {},
  ): Promise<T | Transaction> {
    this.#checkOpen();
    if (typeof first === 'function') return this.#transactions.run(first, options);
    return this.#transactions.begin(first, options);
  }

  async transferLeadership(to?: string, options: TransferOptions = {}): Promise<string> {
    this.#checkOpen();
    return this.#calls.transferLeadership(to, options);
  }

  load(sql: string, items: LoadItems, options: LoadOptions = {}): Promise<LoadProgress> {
    return load((statements, write) => this.batch(statements, write), sql, items, options);
  }

  async outcome(id: string, options: OutcomeOptions = {}): Promise<WriteOutcome> {
    this.#checkOpen();
    const outcome = await this.#writes.outcome(id, options);
    if (outcome.state === 'committed') this.#reads.wrote(outcome.position); // whoever wrote it
    return outcome;
  }

  /** Not an async function: on this path, where most calls are over at once, a second promise would show. */
  query(sql: string, args?: SqlArgs, options?: ReadOptions): Promise<QueryResult> {
    try {
      this.#checkOpen();
      checkSql(sql, this.#parts.options.sqlBytesMax);
      checkArgs(args);
      return this.#reads.query(sql, args, options);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  prepare(sql: string, options?: PrepareOptions): ReadStatement {
    this.#checkOpen();
    checkSql(sql, this.#parts.options.sqlBytesMax);
    return this.#reads.prepare(sql, options);
  }

  async snapshot<T>(
    work: (snapshot: Snapshot) => T | Promise<T>,
    options?: ReadOptions,
  ): Promise<T> {
    this.#checkOpen();
    return this.#reads.snapshot(work, options);
  }

  get token(): string {
    return this.#reads.token;
  }

  get certainToken(): string {
    return this.#reads.certainToken;
  }

  async status(): Promise<Status> {
    this.#checkOpen();
    const [copyAgeMs, status] = await Promise.all([this.#reads.copyAge(), this.#calls.status()]);
    return { ...status, copyAgeMs };
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  readonly #fromSql = (message: SqlToApp): void => {
    if (message.type === 'plain-answers') this.#writes.plainAnswers(message);
    else if (message.type === 'answer') this.#writes.answered(message.answer);
    else if (message.type === 'readers-may-open') this.#reads.mayOpen();
    else if (message.type === 'descriptors-left') this.#descriptors.push(...message.descriptors);
    else if (message.type === 'news') this.#reads.wake();
    else if (message.type === 'snapshots-ended') this.#reads.endOldSnapshots();
    else {
      const closed = () => this.#parts.sql.post({ type: 'readers-closed' });
      this.#reads.closeReaders().then(closed, (error) => this.threadFailed(asPacelineError(error)));
    }
  };

  readonly #fromLoop = (message: LoopToApp): void => {
    switch (message.type) {
      case 'ready':
        return this.#onReady?.resolve(message.address);
      case 'committed':
      case 'settled':
      case 'reached':
      case 'forwarded-results':
      case 'forwarded-error':
        return tellWrites(this.#writes, message);
      case 'news':
        return this.#reads.wake();
      case 'read-index':
      case 'serve-read':
      case 'forwarded-read':
        return this.#reads.fromLoop(message);
      case 'transaction-answer':
      case 'transaction-ended':
        return this.#transactions.fromLoop(message);
      case 'status':
      case 'leadership-transferred':
        return this.#calls.answered(message);
      case 'log':
        return this.#parts.logger?.[message.level](
          { member: this.#parts.options.id, ...message.fields },
          message.message,
        );
      case 'failed':
        return this.#fail(PacelineError.fromRecord(message.error));
      case 'closed':
        this.#threadsClosed = true;
        this.#onClosed?.();
    }
  };

  /** A thread died: there is nobody left to close anything in an orderly way. */
  threadFailed(error: PacelineError): void {
    this.#threadsClosed = true;
    this.#fail(error);
    this.#onClosed?.();
  }

  #fail(error: PacelineError): void {
    this.#failure ??= error;
    this.#parts.logger?.error({ member: this.#parts.options.id, code: error.code }, error.message);
    this.#onReady?.reject(error);
    this.#writes.failAll(unknownOutcome(error));
    this.#transactions.endAll(unknownOutcome(error));
    this.#reads.failAll(error);
    this.#calls.failAll(error);
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw closed();
    if (this.#failure !== null) throw this.#failure;
  }

  async #close(): Promise<void> {
    const { loop, options, clock, onClosed } = this.#parts;
    this.#reads.failAll(closed());
    await this.#reads.closeReaders();
    if (!this.#threadsClosed) {
      const stopped = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        // Past this the threads are ended as they are; the files are good for that, as after a crash.
        clock.later(resolve, options.closeTimeoutMs);
      });
      this.#writes.beginClosing();
      loop.post({ type: 'close' });
      await stopped;
    }
    this.#writes.failAll(
      new PacelineError(
        'OUTCOME_UNKNOWN',
        'this member was closed before the outcome of the write was known: ask another member with the same request id',
      ),
    );
    this.#transactions.endAll(closed());
    this.#calls.failAll(closed());
    await onClosed();
    // Better a few descriptors that stay open than locks lost under a connection that is not collected yet.
    if (!this.#reads.leftConnections) for (const fd of this.#descriptors) closeSync(fd);
  }
}
