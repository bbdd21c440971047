import type { Transaction } from '../api/database.ts';
import type { Durability, Reached } from '../api/durability.ts';
import type { ReadOptions } from '../api/read-options.ts';
import type { Position, WriteOptions } from '../api/request.ts';
import type {
  TransactionMode,
  TransactionOptions,
  TransactionRunOptions,
} from '../api/transaction.ts';
import { encodeStep, type TransactionStep } from '../api/transaction-wire.ts';
import { PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import { closed } from './handle-errors.ts';
import { OpenTransaction, type WriteMode } from './open-transaction.ts';
import type { MemberOptions } from './options.ts';
import type { Port } from './port.ts';
import type { AppToLoop, LoopToApp } from './protocol.ts';
import { ReadTransaction } from './read-transaction.ts';
import type { KeptState } from './take-snapshot.ts';
import { isAborted } from './transaction-errors.ts';
import { checkRetries, checkTransactionOptions } from './transaction-options.ts';
import type { WritePath } from './write-path.ts';

/** Transactions of one handle at the leader, open or waiting for their turn; then OVERLOADED. */
const TRANSACTIONS_MAX = 1_024;

export interface TransactionsParts {
  readonly options: MemberOptions;
  readonly loop: Port<LoopToApp, AppToLoop>;
  readonly clock: Clock;
  /** Begins their names: no other handle has it. */
  readonly idPrefix: string;
  readonly writes: WritePath;
  /** Holds a state of this member's copy; at most `snapshotsMax` at a time. */
  readonly keep: (options: ReadOptions) => Promise<KeptState>;
  /** Reads of this handle are to see the position. */
  readonly wrote: (position: Position) => void;
}

/** What can be run again when it was aborted. */
type AnyTransaction = OpenTransaction | ReadTransaction;

/**
 * The interactive transactions of one handle. Those that write go through the loop, to whichever member leads; those that
 * only read are reads of this member's copy.
 */
export class Transactions {
  readonly #parts: TransactionsParts;
  readonly #open = new Map<string, OpenTransaction>();
  readonly #reading = new Set<ReadTransaction>();
  #nextName = 1;
  #closing = false;

  constructor(parts: TransactionsParts) {
    this.#parts = parts;
  }

  /** See `LocalWrites.transaction`. */
  async begin(mode: TransactionMode, options: TransactionOptions): Promise<AnyTransaction> {
    checkTransactionOptions(mode, options, this.#parts.options);
    if (options.signal?.aborted === true) throw options.signal.reason;
    if (this.#closing) throw closed();
    if (mode === 'read') return this.#beginRead(options);
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
      let transaction: AnyTransaction | null = null;
      try {
        transaction = await this.begin(mode ?? 'write', options);
        const value = await work(transaction);
        // What somebody else has ended says so now, instead of passing for committed.
        if (!transaction.endedByCaller || transaction.wasAborted) await transaction.commit();
        return value;
      } catch (error) {
        await transaction?.close();
        // It may have been aborted before its turn had come.
        const aborted = transaction === null ? isAborted(error) : transaction.wasAborted;
        if (left === 0 || !aborted) throw error;
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
    for (const transaction of this.#reading) transaction.abort(error);
  }

  async #beginRead({ lifetimeMs, signal, ...given }: TransactionOptions): Promise<ReadTransaction> {
    const { options, clock, keep } = this.#parts;
    const startedMs = clock.now();
    const state = await keep(signal === undefined ? given : { ...given, signal });
    if (this.#closing || signal?.aborted === true) {
      await state.release();
      throw this.#closing ? closed() : signal?.reason;
    }
    const terms = {
      ...{ startedMs, sqlBytesMax: options.sqlBytesMax },
      lifetimeMs: lifetimeMs ?? options.transactionTimeoutMs,
    };
    const onAbort = () => transaction.abort(signal?.reason);
    const transaction = new ReadTransaction(state, terms, {
      clock,
      over: () => {
        this.#reading.delete(transaction);
        signal?.removeEventListener('abort', onAbort);
      },
    });
    signal?.addEventListener('abort', onAbort);
    this.#reading.add(transaction);
    return transaction;
  }

  #make(mode: WriteMode, given: TransactionOptions): OpenTransaction {
    const { options, idPrefix, clock, loop } = this.#parts;
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
      committedAt: () =>
        this.#committedAt(terms.id, {
          ...{ durability, timeoutMs: terms.timeoutMs },
          ...(given.signal === undefined ? {} : { signal: given.signal }),
        }),
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
    options: Omit<WriteOptions, 'id'>,
  ): Promise<{ position: Position; reached: Reached } | null> {
    const outcome = await this.#parts.writes.outcome(id, options);
    return outcome.state === 'committed' ? outcome : null;
  }
}

function tooMany(): PacelineError {
  return new PacelineError(
    'OVERLOADED',
    `${TRANSACTIONS_MAX} transactions of this handle are open or waiting already: end them first`,
  );
}
