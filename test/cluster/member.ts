import assert from 'node:assert/strict';
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Database } from '../../src/api/database.ts';
import type { PrepareOptions } from '../../src/api/read-options.ts';
import type {
  OutcomeOptions,
  QueryResult,
  Receipt,
  Statement,
  StatementResult,
  WriteOutcome,
} from '../../src/api/request.ts';
import type { TransactionMode, TransactionOptions } from '../../src/api/transaction.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import { type OpenOptions, PacelineError, type SqlValue } from '../../src/index.ts';
import type { CallError, FromChild, LogLine } from './ipc.ts';

const CHILD = fileURLToPath(new URL('./member-process.js', import.meta.url));

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: Error) => void;
}

/** The process went away before it answered: nobody knows what became of the call. */
export class MemberDied extends Error {}

export interface ProcessOptions extends Omit<OpenOptions, 'logger'> {
  /** `host:port` where the process serves HTTP besides. */
  readonly http?: string;
}

/** One member as a process that can be killed, stopped and started again on the same directory. */
export class Member implements Database {
  options: ProcessOptions;
  readonly logs: LogLine[] = [];
  #child: ChildProcess | null = null;
  #waiting = new Map<number, Waiting>();
  #nextKey = 1;
  #exited: Promise<unknown> = Promise.resolve();

  constructor(options: ProcessOptions) {
    this.options = options;
  }

  get id(): string {
    return this.options.id;
  }

  get dir(): string {
    return this.options.dir;
  }

  /** Of its HTTP, which it was told to serve. */
  get url(): string {
    assert.ok(this.options.http !== undefined, `${this.id} serves no HTTP`);
    return `http://${this.options.http}`;
  }

  get running(): boolean {
    return this.#child !== null;
  }

  get pid(): number {
    return this.#child!.pid!;
  }

  /** Resolves when `open` has, and rejects with its error. */
  async start(execArgv: readonly string[] = []): Promise<void> {
    assert.equal(this.#child, null, `${this.id} runs already`);
    const child = fork(CHILD, [JSON.stringify(this.options)], {
      serialization: 'advanced',
      execArgv: [...execArgv],
    });
    this.#child = child;
    this.#exited = once(child, 'exit').then(() => this.#ended());
    let failure: Error = new MemberDied(`${this.id} ended before it was open`);
    await new Promise<void>((resolve, reject) => {
      child.on('message', (message: FromChild) => {
        if (message.type === 'open') resolve();
        else if (message.type === 'failed') failure = asError(message.error);
        else this.#receive(message);
      });
      this.#exited.then(() => reject(failure));
    });
  }

  execute(...args: Parameters<Database['execute']>): ReturnType<Database['execute']> {
    return this.#call('execute', args);
  }

  batch(...args: Parameters<Database['batch']>): ReturnType<Database['batch']> {
    return this.#call('batch', args);
  }

  query(...args: Parameters<Database['query']>): ReturnType<Database['query']> {
    return this.#call('query', args);
  }

  /** The token of the handle in that process. */
  token(): Promise<string> {
    return this.#call('token', []);
  }

  /** `prepare(sql, options).raw().all(args)` there. */
  all(sql: string, args?: SqlArgs, options?: PrepareOptions): Promise<SqlValue[][]> {
    return this.#call('all', [sql, args, options]);
  }

  status(): ReturnType<Database['status']> {
    return this.#call('status', []);
  }

  outcome(id: string, options: OutcomeOptions = {}): Promise<WriteOutcome> {
    return this.#call('outcome', [id, options]);
  }

  transferLeadership(to?: string): Promise<string> {
    return this.#call('transferLeadership', to === undefined ? [] : [to]);
  }

  async begin(mode: TransactionMode = 'write', options: TransactionOptions = {}) {
    const number = await this.#call<number>('begin', [mode, options]);
    const step = <T>(name: string, ...args: unknown[]) =>
      this.#call<T>('step', [number, name, ...args]);
    return {
      execute: (sql: string, args: SqlArgs = []) => step<StatementResult>('execute', sql, args),
      query: (sql: string, args: SqlArgs = []) => step<QueryResult>('query', sql, args),
      batch: (statements: readonly Statement[]) => step<StatementResult[]>('batch', statements),
      commit: () => step<Receipt>('commit'),
      rollback: () => step<void>('rollback'),
    };
  }

  /** Closes the member and ends its process. */
  async close(): Promise<void> {
    if (this.#child === null) return;
    await this.#call('close', []);
    this.#child?.disconnect();
    await this.#exited;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL');
    await this.#exited;
  }

  pause(): void {
    this.#child!.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  #call<T>(name: string, args: readonly unknown[]): Promise<T> {
    const child = this.#child;
    if (child === null) return Promise.reject(new MemberDied(`${this.id} does not run`));
    const key = this.#nextKey++;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject });
      child.send({ key, name, args }, (error) => {
        if (error !== null) this.#waiting.get(key)?.reject(new MemberDied(error.message));
      });
    });
  }

  #receive(message: FromChild): void {
    if (message.type === 'log') {
      this.logs.push(message);
      return;
    }
    if (message.type !== 'result' && message.type !== 'error') return;
    const waiting = this.#waiting.get(message.key);
    this.#waiting.delete(message.key);
    if (message.type === 'result') waiting?.resolve(message.result as never);
    else waiting?.reject(asError(message.error));
  }

  #ended(): void {
    this.#child = null;
    for (const { reject } of this.#waiting.values()) reject(new MemberDied(`${this.id} died`));
    this.#waiting.clear();
  }
}

function asError({ code, message, ...rest }: CallError): Error {
  if (code === null) return new Error(`not a PacelineError: ${message}`);
  return PacelineError.fromRecord({ code: code as PacelineError['code'], message, ...rest });
}
