import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import { checkArgs, checkStatement } from '../api/check.ts';
import type { Database } from '../api/database.ts';
import type {
  BatchResult,
  ExecuteResult,
  QueryResult,
  Statement,
  WriteOptions,
} from '../api/request.ts';
import type { Status } from '../api/status.ts';
import type { SqlArgs } from '../api/value.ts';
import { decodeResults, encodeWrite } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import { checkRequestId, closed, unknownOutcome } from './handle-errors.ts';
import { LocalReads } from './local-reads.ts';
import type { Logger, MemberOptions } from './options.ts';
import { type PendingWrite, PendingWrites, type WriteReceipt } from './pending-writes.ts';
import type { Port } from './port.ts';
import type {
  AppToLoop,
  AppToSql,
  ForwardAnswer,
  LoopToApp,
  SqlToApp,
  WriteAnswer,
} from './protocol.ts';
import type { SharedState } from './shared-state.ts';

export interface HandleParts {
  readonly options: MemberOptions;
  readonly databasePath: string;
  readonly sql: Port<SqlToApp, AppToSql>;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly shared: SharedState;
  readonly logger: Logger | null;
  /** Called once both threads have let go of everything, whether or not that was asked for. */
  readonly onClosed: () => Promise<void>;
}

/** The member as the application's thread sees it: writes go to the SQL thread or to the leader, reads are done right here. */
export class Handle implements Database {
  readonly #parts: HandleParts;
  readonly #writes: PendingWrites;
  readonly #reads: LocalReads;
  readonly #statuses = new Map<number, (status: Status) => void>();
  /** First part of the request ids that this handle makes; ids of one handle lie side by side in the database. */
  readonly #idPrefix = randomBytes(9).toString('base64url');
  #nextKey = 1;
  #committed = 0;
  #failure: PacelineError | null = null;
  #closing: Promise<void> | null = null;
  #onReady: { resolve: (address: string) => void; reject: (error: PacelineError) => void } | null =
    null;
  #onClosed: (() => void) | null = null;
  #threadsClosed = false;
  readonly #descriptors: number[] = [];
  /** Where this member listens for the others. */
  address = '';

  constructor(parts: HandleParts) {
    const { options, databasePath, shared, sql, loop } = parts;
    this.#parts = parts;
    this.#writes = new PendingWrites((write) => this.#expire(write));
    this.#reads = new LocalReads(
      databasePath,
      shared,
      options.resultBytesMax,
      options.writeTimeoutMs,
    );
    sql.listen((messages) => {
      for (const message of messages) this.#fromSql(message);
    });
    loop.listen((messages) => {
      for (const message of messages) this.#fromLoop(message);
    });
  }

  /** Resolves when the member serves; rejects if it cannot. */
  async ready(): Promise<void> {
    this.address = await new Promise<string>((resolve, reject) => {
      this.#onReady = { resolve, reject };
      if (this.#failure !== null) reject(this.#failure);
    });
  }

  async execute(sql: string, args?: SqlArgs, options: WriteOptions = {}): Promise<ExecuteResult> {
    const statement = args === undefined ? { sql } : { sql, args };
    checkStatement(statement, this.#parts.options.sqlBytesMax);
    const { results, position } = await this.#write([statement], false, options);
    return { ...results[0]!, position };
  }

  async batch(statements: readonly Statement[], options: WriteOptions = {}): Promise<BatchResult> {
    if (!Array.isArray(statements) || statements.length === 0)
      throw new PacelineError('REQUEST_INVALID', 'a batch is an array of at least one statement');
    for (const statement of statements) checkStatement(statement, this.#parts.options.sqlBytesMax);
    return this.#write(statements, true, options);
  }

  async query(sql: string, args?: SqlArgs): Promise<QueryResult> {
    this.#checkOpen();
    if (typeof sql !== 'string') checkStatement({ sql }, this.#parts.options.sqlBytesMax);
    checkArgs(args);
    return this.#reads.query(sql, args);
  }

  async status(): Promise<Status> {
    this.#checkOpen();
    const key = this.#nextKey++;
    return new Promise((resolve) => {
      this.#statuses.set(key, resolve);
      this.#parts.loop.post({ type: 'status', key });
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #write(
    statements: readonly Statement[],
    batch: boolean,
    { id, timeoutMs }: WriteOptions,
  ): Promise<WriteReceipt> {
    this.#checkOpen();
    const { options } = this.#parts;
    if (id !== undefined) checkRequestId(id, options.requestIdBytesMax);
    if (this.#writes.size >= options.writeQueueMax)
      throw new PacelineError(
        'OVERLOADED',
        `${options.writeQueueMax} writes are waiting already: slow down, or raise writeQueueMax`,
      );
    return new Promise((resolve, reject) => {
      const deadlineMs = performance.now() + (timeoutMs ?? options.writeTimeoutMs);
      const write: PendingWrite = {
        key: this.#nextKey++,
        statements,
        batch,
        id: id ?? null,
        deadlineMs,
        at: 'sql',
        resolve,
        reject,
      };
      this.#writes.add(write);
      this.#send(write);
    });
  }

  /** To this member's own SQL thread while it leads, else to the leader, wherever that is. */
  #send(write: PendingWrite): void {
    const { shared, sql } = this.#parts;
    if (!shared.accepting || this.#closing !== null) return this.#forward(write);
    const { key, statements, id } = write;
    write.at = 'sql';
    sql.post({ type: 'write', write: { key, statements, id } });
  }

  #forward(write: PendingWrite): void {
    // It is known not to have happened.
    if (this.#closing !== null) return this.#writes.fail(write, closed());
    const { key, statements, batch } = write;
    write.id ??= `${this.#idPrefix}.${key.toString(36).padStart(8, '0')}`;
    write.at = 'loop';
    this.#parts.loop.post({
      type: 'forward',
      key,
      bytes: encodeWrite({ statements, batch, id: write.id }),
    });
  }

  #fromSql(message: SqlToApp): void {
    if (message.type === 'answer') this.#answered(message.answer);
    else if (message.type === 'readers-may-open') this.#reads.mayOpen();
    else if (message.type === 'descriptors-left') this.#descriptors.push(...message.descriptors);
    else {
      this.#reads.closeReaders();
      this.#parts.sql.post({ type: 'readers-closed' });
    }
  }

  #answered(answer: WriteAnswer): void {
    const write = this.#writes.get(answer.key);
    if (write === undefined) return;
    if ('error' in answer) {
      if (answer.error.code === 'NOT_LEADER') return this.#forward(write);
      return this.#writes.fail(write, PacelineError.fromRecord(answer.error));
    }
    const { results, position } = answer;
    if (position.index <= this.#committed) this.#writes.succeed(write, { results, position });
    else this.#writes.executed(write, { results, position });
  }

  #fromLoop(message: LoopToApp): void {
    switch (message.type) {
      case 'ready':
        return this.#onReady?.resolve(message.address);
      case 'committed':
        this.#committed = message.index;
        this.#writes.committed(message.index);
        return this.#reads.wake();
      case 'settled':
        return this.#settled(message.term, message.through);
      case 'forwarded':
        return this.#forwarded(message.key, message.answer);
      case 'status':
        this.#statuses.get(message.key)?.(message.status);
        this.#statuses.delete(message.key);
        return;
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
  }

  /** What was executed here and did not survive the change of leader goes to the new one: it is known not to have happened. */
  #settled(term: number, through: number): void {
    this.#committed = 0;
    for (const write of this.#writes.settled(term, through)) this.#send(write);
    this.#reads.wake();
  }

  #forwarded(key: number, answer: ForwardAnswer): void {
    const write = this.#writes.get(key);
    if (write === undefined) return;
    if ('error' in answer) return this.#writes.fail(write, PacelineError.fromRecord(answer.error));
    this.#writes.succeed(write, {
      results: decodeResults(answer.results),
      position: answer.position,
    });
  }

  #expire(write: PendingWrite): void {
    if (write.at === 'loop') return this.#parts.loop.post({ type: 'cancel', key: write.key });
    const retry = write.id === null ? '' : `: ask again with the same request id (${write.id})`;
    this.#writes.fail(
      write,
      new PacelineError(
        'OUTCOME_UNKNOWN',
        `the write was not confirmed by a majority in time and may or may not take effect${retry}`,
      ),
    );
  }

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
    this.#statuses.clear();
  }

  #checkOpen(): void {
    if (this.#closing !== null) throw closed();
    if (this.#failure !== null) throw this.#failure;
  }

  async #close(): Promise<void> {
    const { loop, options, onClosed } = this.#parts;
    this.#reads.closeReaders();
    if (!this.#threadsClosed) {
      const stopped = new Promise<void>((resolve) => {
        this.#onClosed = resolve;
        // Past this the threads are ended as they are; the files are good for that, as after a crash.
        setTimeout(resolve, options.closeTimeoutMs).unref();
      });
      for (const write of this.#writes.all())
        if (write.at === 'loop') loop.post({ type: 'cancel', key: write.key });
      loop.post({ type: 'close' });
      await stopped;
    }
    this.#writes.failAll(
      new PacelineError(
        'OUTCOME_UNKNOWN',
        'this member was closed before the outcome of the write was known: ask another member with the same request id',
      ),
    );
    await onClosed();
    // Better a few descriptors that stay open than locks lost under a connection that is not collected yet.
    if (!this.#reads.leftConnections) for (const fd of this.#descriptors) closeSync(fd);
  }
}
