import { type Durability, mayBeLost, REACHED_QUORUM, type Reached } from '../api/durability.ts';
import type {
  Position,
  Statement,
  StatementResult,
  WriteOptions,
  WriteOutcome,
} from '../api/request.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import { DirectAnswers } from './direct-answers.ts';
import { type FlatWrites, pushWrite } from './flat-writes.ts';
import { eachAcknowledged } from './forwarded-write.ts';
import { checkWriteOptions, closed, notDone, overloaded, unconfirmed } from './handle-errors.ts';
import { onAbort } from './on-abort.ts';
import type { MemberOptions } from './options.ts';
import { Outbox } from './outbox.ts';
import { outcomeOf } from './outcome.ts';
import {
  isQuestion,
  type PendingWrite,
  PendingWrites,
  type WriteReceipt,
} from './pending-writes.ts';
import type { Port } from './port.ts';
import type {
  AppToLoop,
  AppToSql,
  LeaderAnswer,
  LoopToApp,
  PlainAnswers,
  SqlToApp,
  WriteAnswer,
} from './protocol.ts';
import type { Fate, Settled } from './settlement.ts';
import type { SharedState } from './shared-state.ts';
import { bytesOf } from './write-size.ts';

export interface WritePathParts {
  readonly options: MemberOptions;
  readonly sql: Port<SqlToApp, AppToSql>;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly shared: SharedState;
  readonly clock: Clock;
  /** First part of the request ids that we make: no other handle has it. */
  readonly idPrefix: string;
}

/** How long a write that is taken back at its deadline may take to say whether it was begun. */
const TAKE_BACK_MS = 200;

/**
 * The application's writes, from the call to the answer: to this member's own SQL thread while it leads, else through the
 * loop to whoever leads. A write that is known not to have happened is sent again; one that may have is answered
 * OUTCOME_UNKNOWN when its time is up (I10).
 */
export class WritePath {
  readonly #parts: WritePathParts;
  readonly #pending: PendingWrites;
  readonly #direct: DirectAnswers;
  readonly #outbox: Outbox;
  #nextKey = 1;
  /** Writes of this turn for the SQL thread. */
  #outgoing: FlatWrites = [];
  /** Low bits of the term for which writes are with the SQL thread. */
  #directTerm = 0;
  #closing = false;
  /** Writes that wait for the fate of earlier ones of this handle, so that they are not executed before them. */
  #here: PendingWrite[] = [];

  constructor(parts: WritePathParts) {
    this.#parts = parts;
    this.#outbox = new Outbox(parts.loop);
    this.#pending = new PendingWrites(parts.clock, (write) => this.#expire(write));
    this.#direct = new DirectAnswers({
      ...{ ...parts, pending: this.#pending, term: () => this.#directTerm },
      undecided: (write, fate) => this.#afterFate(write, fate),
    });
  }

  write(statements: readonly Statement[], given: WriteOptions): Promise<WriteReceipt> {
    const { options } = this.#parts;
    checkWriteOptions(given, options);
    if (given.signal?.aborted === true) return Promise.reject(given.signal.reason);
    const bytes = bytesOf(statements);
    if (this.#pending.size >= options.writeQueueMax)
      throw overloaded(`${options.writeQueueMax} writes are`, 'writeQueueMax');
    if (this.#pending.bytes + bytes > options.writeQueueBytesMax && this.#pending.size > 0)
      throw overloaded(`${options.writeQueueBytesMax} bytes of writes are`, 'writeQueueBytesMax');
    return this.#add(statements, bytes, given);
  }

  /** See `LocalWrites.outcome`; with a durability, the answer that it was committed waits until that is reached. */
  async outcome(id: string, given: Omit<WriteOptions, 'id'>): Promise<WriteOutcome> {
    checkWriteOptions({ ...given, id }, this.#parts.options);
    // A write without statements asks.
    const answer = this.write([], { durability: 'quorum', ...given, id });
    return outcomeOf(answer, given.signal);
  }

  #add(
    statements: readonly Statement[],
    bytes: number,
    { id, timeoutMs, durability, signal }: WriteOptions,
  ): Promise<WriteReceipt> {
    const { options, clock } = this.#parts;
    const asked = durability ?? defaultDurability(options);
    const hasOptions = asked !== null || (timeoutMs ?? signal) !== undefined;
    return new Promise((resolve, reject) => {
      const key = this.#nextKey++;
      const startedMs = clock.now();
      // Spelt out: copying properties from other objects costs more than all else here together.
      const write: PendingWrite = {
        key,
        statements,
        bytes,
        id: id ?? (hasOptions ? this.#makeId(key) : null),
        durability: asked,
        startedMs,
        deadlineMs: startedMs + (timeoutMs ?? options.writeTimeoutMs),
        ending: false,
        at: 'here',
        ran: null,
        maybeDone: false,
        signal: signal ?? null,
        stopListening: null,
        resolve,
        reject,
      };
      this.#pending.add(write);
      if (signal !== undefined) write.stopListening = onAbort(signal, () => this.#expire(write));
      this.#send(write);
    });
  }

  /** Ids of one handle lie side by side in the database. */
  #makeId(key: number): string {
    return `${this.#parts.idPrefix}.${key.toString(36).padStart(8, '0')}`;
  }

  /** Nothing new is begun; what is under way is answered as far as its outcome is known. */
  beginClosing(): void {
    this.#closing = true;
    for (const { at, key } of this.#pending.all()) if (at === 'loop') this.#outbox.cancel(key);
    this.#release();
  }

  failAll(error: PacelineError): void {
    this.#pending.failAll(error);
  }

  answered(answer: WriteAnswer): void {
    const write = this.#pending.get(answer.key);
    if (write === undefined) return;
    if (!('error' in answer)) this.#executed(write, answer.results, answer.position);
    else if (answer.error.code === 'NOT_LEADER') this.#again(write);
    else {
      const error = PacelineError.fromRecord(answer.error);
      if (answer.position === undefined) this.#pending.fail(write, error);
      else this.#direct.executed(write, answer.position, error);
    }
    this.#release();
  }

  plainAnswers({ position, flat }: PlainAnswers): void {
    for (let i = 0; i < flat.length; i += 3) {
      const write = this.#pending.get(flat[i] as number);
      if (write === undefined) continue;
      const changes = flat[i + 1] as number;
      const result = { columns: [], rows: [], changes, lastInsertRowid: flat[i + 2]! };
      this.#executed(write, [result], position);
    }
    this.#release();
  }

  forwarded(message: LeaderAnswer): void {
    for (const [key, answer] of eachAcknowledged(message)) {
      const write = this.#pending.get(key);
      if (write === undefined) continue;
      const isError = answer instanceof PacelineError;
      if (isError && answer.category === 'retryable') this.#notDone(write, answer);
      else this.#pending.answer(write, answer);
    }
  }

  committed(index: number): void {
    this.#direct.committed(index);
    this.#release();
  }

  /** What was executed here in that term is answered, or goes to the new leader. */
  settled(settled: Settled): void {
    this.#direct.settled(settled);
    this.#release();
  }

  /** What bears an id may be asked again without knowing whether it happened. */
  #afterFate(write: PendingWrite, fate: Fate): void {
    if (fate === 'unknown' && write.id === null)
      return this.#pending.fail(write, unconfirmed(write.id));
    write.maybeDone ||= fate !== 'discarded';
    this.#again(write);
  }

  /** To this member's own SQL thread while that takes writes, in flat lists; all else goes through the loop. */
  #send(write: PendingWrite): void {
    if (isQuestion(write)) this.#forward(write);
    else if (!this.#closing && this.#mayGoDirectly()) {
      this.#pending.move(write, 'sql');
      if (this.#outgoing.length === 0) queueMicrotask(() => this.#flush());
      pushWrite(this.#outgoing, write, this.#mayBeLost(write));
    } else if (this.#pending.count('sql') > 0 || this.#here.length > 0) this.#again(write);
    else this.#forward(write);
  }

  /** Whether it may be acknowledged before it is committed. */
  #mayBeLost({ durability }: PendingWrite): boolean {
    const { members } = this.#parts.options;
    return durability !== null && mayBeLost(durability, Object.keys(members).length);
  }

  /** Not while earlier ones are elsewhere, or were sent for a leadership that is over: they may be refused. */
  #mayGoDirectly(): boolean {
    const { acceptingTerm } = this.#parts.shared;
    if (acceptingTerm === 0 || this.#pending.count('loop') > 0 || this.#here.length > 0)
      return false;
    if (this.#pending.count('sql') === 0) this.#directTerm = acceptingTerm;
    return this.#directTerm === acceptingTerm;
  }

  /** It did not happen, or not yet: it waits here until it is known which writes before it did. */
  #again(write: PendingWrite): void {
    this.#pending.move(write, 'here');
    this.#here.push(write);
  }

  /** Sends on what waited here, in the order of the calls, once nothing before it is undecided. */
  #release(): void {
    if (this.#here.length === 0 || (this.#pending.count('sql') > 0 && !this.#closing)) return;
    const waiting = this.#here.sort((one, other) => one.key - other.key);
    this.#here = [];
    for (const write of waiting)
      if (this.#pending.get(write.key) !== undefined) this.#forward(write);
  }

  #flush(): void {
    const flat = this.#outgoing;
    if (flat.length === 0) return;
    this.#outgoing = [];
    this.#parts.sql.post({ type: 'writes', flat, term: this.#directTerm });
  }

  #forward(write: PendingWrite): void {
    if (this.#closing) return this.#notDone(write, closed());
    write.id ??= this.#makeId(write.key);
    this.#pending.move(write, 'loop');
    const timeoutMs = Math.max(1, write.deadlineMs - this.#parts.clock.now());
    this.#outbox.forward(write, write.id, timeoutMs);
  }

  #executed(write: PendingWrite, results: readonly StatementResult[], position: Position): void {
    this.#direct.executed(write, position, { results, position, reached: REACHED_QUORUM });
  }

  reached(key: number, reached: Reached): void {
    this.#direct.reached(key, reached);
    this.#release();
  }

  /** Ends a write of which nothing was done since it was last sent. */
  #notDone(write: PendingWrite, error: PacelineError): void {
    this.#pending.fail(write, write.maybeDone ? unconfirmed(write.id) : error);
  }

  /** Its time is up, or its caller gave it up. What has not begun is taken back. */
  #expire(write: PendingWrite): void {
    const { at, key, ending } = write;
    if (at === 'loop') return this.#outbox.cancel(key);
    if (at === 'here') return this.#notDone(write, notDone());
    if (ending || write.ran !== null) return this.#pending.fail(write, unconfirmed(write.id));
    write.ending = true;
    write.deadlineMs = this.#parts.clock.now() + TAKE_BACK_MS;
    this.#flush();
    this.#parts.sql.post({ type: 'take-back', key });
  }
}

function defaultDurability({ durability }: MemberOptions): Durability | null {
  return durability === 'quorum' ? null : durability;
}
