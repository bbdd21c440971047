import type { CancelSignal } from '../api/cancel-signal.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { type ErrorRecord, PacelineError } from '../base/errors.ts';
import { unlessAborted } from './unless-aborted.ts';

export type ToReader =
  | {
      readonly type: 'query';
      readonly key: number;
      readonly sql: string;
      readonly args: SqlArgs | undefined;
      readonly schema: number;
      /** Whether it is of the state that is held. */
      readonly held: boolean;
    }
  | { readonly type: 'begin'; readonly key: number }
  | { readonly type: 'end'; readonly key: number }
  /** Snapshots have been ended. */
  | { readonly type: 'look' }
  | { readonly type: 'close' };

export type FromReader =
  | { readonly key: number; readonly result: QueryResult | null }
  | { readonly key: number; readonly error: ErrorRecord };

/** The way to a reader's thread. */
export interface ReaderLink {
  post(message: ToReader): void;
  /** For one that was told to close: resolves when it is gone. */
  ended(): Promise<void>;
}

/** What is heard of it. */
export interface ReaderEvents {
  answered(answer: FromReader): void;
  /** It is no more, whether or not it was told to close. */
  failed(why: string): void;
}

/** Starts a reader's thread; `stop` holds the key of the query that is to stop. */
export type StartReader = (stop: SharedArrayBuffer, events: ReaderEvents) => ReaderLink;

interface Waiting {
  readonly resolve: (result: QueryResult | null) => void;
  readonly reject: (error: unknown) => void;
}

/** The application's side of one thread that runs long reads, one at a time. */
export class ReaderThread {
  readonly #link: ReaderLink;
  readonly #stop = new SharedArrayBuffer(4);
  readonly #onIdle: () => void;
  readonly #waiting = new Map<number, Waiting>();
  #nextKey = 1;
  #dead: PacelineError | null = null;

  constructor(start: StartReader, onIdle: () => void) {
    this.#onIdle = onIdle;
    this.#link = start(this.#stop, {
      answered: (answer) => this.#answered(answer),
      failed: (why) => this.#failed(why),
    });
  }

  /** Whether it works on something, wanted or not. */
  get busy(): boolean {
    return this.#waiting.size > 0;
  }

  get dead(): boolean {
    return this.#dead !== null;
  }

  /** Rejects with what the statement does wrong, with SNAPSHOT_ENDED, and with the signal's reason, whether it can be stopped or not. */
  async query(
    sql: string,
    args: SqlArgs | undefined,
    schema: number,
    held: boolean,
    signal: CancelSignal | null,
  ): Promise<QueryResult> {
    const key = this.#nextKey++;
    const answer = this.#ask({ type: 'query', key, sql, args, schema, held });
    return unlessAborted(signal, answer, () => {
      Atomics.store(new Int32Array(this.#stop), 0, key);
    }) as Promise<QueryResult>;
  }

  /** Holds the state of now, until `end`. */
  async begin(): Promise<void> {
    await this.#ask({ type: 'begin', key: this.#nextKey++ });
  }

  async end(): Promise<void> {
    await this.#ask({ type: 'end', key: this.#nextKey++ });
  }

  /** Snapshots have been ended: it may hold one. */
  look(): void {
    this.#link.post({ type: 'look' });
  }

  /** Resolves when its connection is closed. */
  close(why: PacelineError): Promise<void> {
    this.#dead ??= why;
    for (const key of this.#waiting.keys()) Atomics.store(new Int32Array(this.#stop), 0, key);
    this.#link.post({ type: 'close' });
    return this.#link.ended();
  }

  #ask(message: ToReader & { readonly key: number }): Promise<QueryResult | null> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting.set(message.key, { resolve, reject });
      this.#link.post(message);
    });
  }

  #answered(answer: FromReader): void {
    const waiting = this.#waiting.get(answer.key);
    this.#waiting.delete(answer.key);
    if ('error' in answer) waiting?.reject(this.#dead ?? PacelineError.fromRecord(answer.error));
    else waiting?.resolve(answer.result);
    if (!this.busy) this.#onIdle();
  }

  #failed(why: string): void {
    this.#dead ??= new PacelineError('INTERNAL', `a thread for long reads died: ${why}; try again`);
    for (const { reject } of this.#waiting.values()) reject(this.#dead);
    this.#waiting.clear();
    this.#onIdle();
  }
}
