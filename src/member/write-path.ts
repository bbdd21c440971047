import type { Position, Statement, StatementResult, WriteOptions } from '../api/request.ts';
import { decodeResults, encodeWrite } from '../api/wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import { checkRequestId, checkTimeout, closed } from './handle-errors.ts';
import type { MemberOptions } from './options.ts';
import { type PendingWrite, PendingWrites, type WriteReceipt } from './pending-writes.ts';
import type { Port } from './port.ts';
import {
  type AppToLoop,
  type AppToSql,
  type FlatWrites,
  type ForwardAnswer,
  type LoopToApp,
  type PlainAnswers,
  pushWrite,
  type SqlToApp,
  type WriteAnswer,
} from './protocol.ts';
import type { SharedState } from './shared-state.ts';

export interface WritePathParts {
  readonly options: MemberOptions;
  readonly sql: Port<SqlToApp, AppToSql>;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly shared: SharedState;
  readonly clock: Clock;
  /** First part of the request ids that we make: no other handle has it. */
  readonly idPrefix: string;
}

/**
 * The application's writes, from the call to the answer: to this member's own SQL thread while it leads, else through the
 * loop to whoever leads. A write that is known not to have happened is sent again; one that may have is answered
 * OUTCOME_UNKNOWN when its time is up (I10).
 */
export class WritePath {
  readonly #parts: WritePathParts;
  readonly #pending: PendingWrites;
  #nextKey = 1;
  /** Writes of this turn for the SQL thread. */
  #outgoing: FlatWrites = [];
  /** What this member executed in the term that it leads is committed up to here. */
  #committed = 0;
  /** The last leadership of this member that ended and is settled. */
  #settled = { term: 0, through: 0 };
  #closing = false;

  constructor(parts: WritePathParts) {
    this.#parts = parts;
    this.#pending = new PendingWrites(parts.clock, (write) => this.#expire(write));
  }

  write(
    statements: readonly Statement[],
    batch: boolean,
    { id, timeoutMs }: WriteOptions,
  ): Promise<WriteReceipt> {
    const { options, clock } = this.#parts;
    if (id !== undefined) checkRequestId(id, options.requestIdBytesMax);
    if (timeoutMs !== undefined) checkTimeout(timeoutMs);
    const bytes = bytesOf(statements);
    if (this.#pending.size >= options.writeQueueMax)
      throw overloaded(`${options.writeQueueMax} writes are`, 'writeQueueMax');
    if (this.#pending.bytes + bytes > options.writeQueueBytesMax && this.#pending.size > 0)
      throw overloaded(`${options.writeQueueBytesMax} bytes of writes are`, 'writeQueueBytesMax');
    return new Promise((resolve, reject) => {
      const key = this.#nextKey++;
      const deadlineMs = clock.now() + (timeoutMs ?? options.writeTimeoutMs);
      const asked = { key, statements, bytes, batch, id: id ?? null, deadlineMs };
      const write: PendingWrite = { ...asked, at: 'sql', resolve, reject };
      this.#pending.add(write);
      this.#send(write);
    });
  }

  /** Nothing new is begun; what is under way is answered as far as its outcome is known. */
  beginClosing(): void {
    this.#closing = true;
    for (const { at, key } of this.#pending.all())
      if (at === 'loop') this.#parts.loop.post({ type: 'cancel', key });
  }

  failAll(error: PacelineError): void {
    this.#pending.failAll(error);
  }

  answered(answer: WriteAnswer): void {
    const write = this.#pending.get(answer.key);
    if (write === undefined) return;
    if (!('error' in answer)) return this.#executed(write, answer.results, answer.position);
    if (answer.error.code === 'NOT_LEADER') return this.#forward(write);
    this.#pending.fail(write, PacelineError.fromRecord(answer.error));
  }

  plainAnswers({ position, flat }: PlainAnswers): void {
    for (let i = 0; i < flat.length; i += 3) {
      const write = this.#pending.get(flat[i] as number);
      if (write === undefined) continue;
      const changes = flat[i + 1] as number;
      const result = { columns: [], rows: [], changes, lastInsertRowid: flat[i + 2]! };
      this.#executed(write, [result], position);
    }
  }

  forwarded(key: number, answer: ForwardAnswer): void {
    const write = this.#pending.get(key);
    if (write === undefined) return;
    if ('error' in answer) return this.#pending.fail(write, PacelineError.fromRecord(answer.error));
    const { position } = answer;
    this.#pending.succeed(write, { results: decodeResults(answer.results), position });
  }

  committed(index: number): void {
    this.#committed = index;
    this.#pending.committed(index);
  }

  /** Of what was executed here in `term` and before, what is above `through` was discarded, and goes to the new leader. */
  settled(term: number, through: number): void {
    this.#committed = 0;
    this.#settled = { term, through };
    for (const write of this.#pending.settled(term, through)) this.#send(write);
  }

  #send(write: PendingWrite): void {
    if (!this.#parts.shared.accepting || this.#closing) return this.#forward(write);
    write.at = 'sql';
    if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush());
    pushWrite(this.#outgoing, write);
  }

  #flush(): void {
    const flat = this.#outgoing;
    this.#outgoing = [];
    this.#parts.sql.post({ type: 'writes', flat });
  }

  #forward(write: PendingWrite): void {
    // It is known not to have happened.
    if (this.#closing) return this.#pending.fail(write, closed());
    const { key, statements, batch } = write;
    // Ids of one handle lie side by side in the database.
    write.id ??= `${this.#parts.idPrefix}.${key.toString(36).padStart(8, '0')}`;
    write.at = 'loop';
    const bytes = encodeWrite({ statements, batch, id: write.id });
    this.#parts.loop.post({ type: 'forward', key, bytes });
  }

  /** The threads' messages may overtake each other: the answer of an earlier leadership can come after it was settled. */
  #executed(write: PendingWrite, results: readonly StatementResult[], position: Position): void {
    const { term, through } = this.#settled;
    const isCommitted =
      position.term <= term ? position.index <= through : position.index <= this.#committed;
    if (isCommitted) this.#pending.succeed(write, { results, position });
    else if (position.term <= term) this.#send(write);
    else this.#pending.executed(write, { results, position });
  }

  #expire(write: PendingWrite): void {
    if (write.at === 'loop') return this.#parts.loop.post({ type: 'cancel', key: write.key });
    this.#pending.fail(write, unconfirmed(write.id));
  }
}

function unconfirmed(id: string | null): PacelineError {
  const retry = id === null ? '' : `: ask again with the same request id (${id})`;
  const message = `the write was not confirmed by a majority in time and may or may not take effect${retry}`;
  return new PacelineError('OUTCOME_UNKNOWN', message);
}

function overloaded(what: string, option: string): PacelineError {
  return new PacelineError('OVERLOADED', `${what} waiting already: slow down, or raise ${option}`);
}

/** What a write holds of memory while it waits, roughly. */
function bytesOf(statements: readonly Statement[]): number {
  let bytes = 0;
  for (const { sql, args } of statements) {
    bytes += sql.length;
    if (args === undefined) continue;
    for (const value of Array.isArray(args) ? args : Object.values(args))
      bytes += typeof value === 'string' || value instanceof Uint8Array ? value.length : 8;
  }
  return bytes;
}
