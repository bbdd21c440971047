import type { Transaction } from '../api/database.ts';
import type { Durability, Reached } from '../api/durability.ts';
import type { Position } from '../api/request.ts';
import {
  TRANSACTION_MODES,
  type TransactionMode,
  type TransactionOptions,
  type TransactionRunOptions,
} from '../api/transaction.ts';
import { encodeStep, type TransactionStep } from '../api/transaction-wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import { checkWriteOptions, closed } from './handle-errors.ts';
import { OpenTransaction } from './open-transaction.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import type { WritePath } from './write-path.ts';

/** Transactions of one handle, open or waiting for their turn; then OVERLOADED. */
const TRANSACTIONS_MAX = 1_024;

export interface TransactionsParts {
  readonly options: MemberOptions;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly clock: Clock;
  /** Begins their names: no other handle has it. */
  readonly idPrefix: string;
  readonly writes: WritePath;
  /** Reads of this handle are to see the position. */
  readonly wrote: (position: Position) => void;
}

/** The interactive transactions of one handle. All go through the loop, to whichever member leads. */
export class Transactions {
  readonly #parts: TransactionsParts;
  readonly #open = new Map<string, OpenTransaction>();
  #nextName = 1;
  #closing = false;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  /** See `LocalWrites.transaction`. */
  async begin(mode: TransactionMode, options: TransactionOptions): Promise<OpenTransaction> {
    if (options.signal?.aborted === true) throw options.signal.reason;
    const transaction = this.#make(mode, options);
    if (mode === 'write') await transaction.begin();
    return transaction;
  }

  /** See `LocalWrites.transaction`. */
  async run<T>(
    work: (transaction: Transaction) => Promise<T>,
    { mode, retries, ...options }: TransactionRunOptions,
  ): Promise<T> {
    checkRetries(retries);
    for (let left = retries ?? 0; ; left--) {
      const transaction = await this.begin(mode ?? 'write', options);
      try {
        const value = await work(transaction);
        if (!transaction.closed || transaction.wasAborted) await transaction.commit();
        return value;
      } catch (error) {
        await transaction.close();
        if (left === 0 || !transaction.wasAborted) throw error;
      }
    }
  }

  fromLoop(message: Extract<LoopToApp, { readonly name: string }>): void {
    const transaction = this.#open.get(message.name);
    if (message.type === 'transaction-answer') transaction?.answered(message.key, message.answer);
    else transaction?.abort(PacelineError.fromRecord(message.error));
  }

  /** Nothing new is begun, and nobody waits any more. */
  endAll(error: PacelineError): void {
    this.#closing = true;
    for (const transaction of this.#open.values()) transaction.abort(error);
    this.#open.clear();
  }

  #make(mode: TransactionMode, given: TransactionOptions): OpenTransaction {
    const { options, idPrefix, clock, loop } = this.#parts;
    checkOptions(mode, given, options);
    if (this.#closing) throw closed();
    if (this.#open.size >= TRANSACTIONS_MAX) throw tooMany();
    const name = `${idPrefix}.t${this.#nextName++}`;
    const durability = given.durability ?? options.durability;
    const terms = {
      ...{ mode, id: given.id ?? name, sqlBytesMax: options.sqlBytesMax },
      timeoutMs: given.timeoutMs ?? options.writeTimeoutMs,
      lifetimeMs: given.lifetimeMs ?? options.transactionTimeoutMs,
    };
    const onAbort = () => transaction.cancel(given.signal?.reason);
    const transaction = new OpenTransaction(terms, {
      clock,
      send: (key, step) => this.#send(name, key, step, durability),
      forget: () => loop.post({ type: 'forget-transaction', name }),
      committedAt: () => this.#committedAt(terms.id, durability, terms.timeoutMs),
      committed: this.#parts.wrote,
      over: () => {
        this.#open.delete(name);
        given.signal?.removeEventListener('abort', onAbort);
      },
    });
    given.signal?.addEventListener('abort', onAbort);
    this.#open.set(name, transaction);
    return transaction;
  }

  #send(name: string, key: number, step: TransactionStep, durability: Durability): void {
    const isCommit = step.type === 'commit';
    this.#parts.loop.post({
      ...{ type: 'transaction', name, key, bytes: encodeStep(step) },
      durability: isCommit ? durability : 'quorum',
      last: isCommit || step.type === 'roll-back',
    });
  }

  async #committedAt(
    id: string,
    durability: Durability,
    timeoutMs: number,
  ): Promise<{ position: Position; reached: Reached } | null> {
    const outcome = await this.#parts.writes.outcome(id, { timeoutMs, durability });
    return outcome.state === 'committed' ? outcome : null;
  }
}

function checkOptions(
  mode: TransactionMode,
  { lifetimeMs, ...others }: TransactionOptions,
  options: MemberOptions,
): void {
  if (!TRANSACTION_MODES.includes(mode))
    throw invalid(`the mode of a transaction is ${TRANSACTION_MODES.join(', ')}, not ${mode}`);
  checkWriteOptions(others, options);
  const max = options.transactionTimeoutMs;
  if (lifetimeMs === undefined) return;
  if (!Number.isSafeInteger(lifetimeMs) || lifetimeMs < 1 || lifetimeMs > max)
    throw invalid(`lifetimeMs is a whole number from 1 to ${max}, not ${lifetimeMs}`);
}

function checkRetries(retries: unknown): void {
  if (retries === undefined || (Number.isSafeInteger(retries) && (retries as number) >= 0)) return;
  throw invalid(`retries is a whole number, 0 or more, not ${retries}`);
}

function invalid(message: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', message);
}

function tooMany(): PacelineError {
  return new PacelineError(
    'OVERLOADED',
    `${TRANSACTIONS_MAX} transactions of this handle are open or waiting already: end them first`,
  );
}
