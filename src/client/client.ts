import { randomUUID } from 'node:crypto';
import { ofEach } from '../api/check.ts';
import type { SessionDatabase } from '../api/database.ts';
import { argsToJson } from '../api/json.ts';
import { checkReadOptions, type ReadOptions } from '../api/read-options.ts';
import type { Receipt, Statement, WriteOptions } from '../api/request.ts';
import {
  batchResultFromJson,
  executeResultFromJson,
  queryResultFromJson,
  statusFromJson,
  tokenFromJson,
} from '../api/result-json.ts';
import type { Status } from '../api/status.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { type Call, Caller } from './call.ts';
import { ClientSession } from './client-session.ts';
import { CLIENT_DEFAULTS, type ClientLimits, type ClientOptions } from './options.ts';

/**
 * A handle on a cluster over HTTP, with the methods of an embedded `Database`. Give it the HTTP address
 * of every member: it stays with one while that answers, and goes to the next when it does not. Every
 * write carries an id, so that a repeated one takes effect once. Reads see at least what this client has
 * written and read, whichever members that was through, unless their options name another level.
 * Throws OPTIONS_INVALID.
 */
export function createClient(
  urls: string | readonly string[],
  options: ClientOptions = {},
): SessionDatabase {
  const limits = resolveLimits(options);
  const list = typeof urls === 'string' ? [urls] : urls;
  if (list.length === 0) throw invalid('there is no address');
  return new Client(list.map(parseUrl), limits);
}

class Client implements SessionDatabase {
  readonly #caller: Caller;
  readonly #timeoutMs: number;
  readonly #running = new Set<Promise<unknown>>();
  readonly #session = new ClientSession();
  #closed = false;

  constructor(urls: readonly URL[], limits: ClientLimits) {
    this.#caller = new Caller(urls, limits);
    this.#timeoutMs = limits.timeoutMs;
  }

  execute(sql: string, args?: SqlArgs, options?: WriteOptions) {
    return this.#write(
      'execute',
      () => statementToJson({ sql, ...argsOf(args) }),
      options,
      executeResultFromJson,
    );
  }

  batch(statements: readonly Statement[], options?: WriteOptions) {
    const body = () => ({
      statements: ofEach(statements, (one, i) => statementToJson(one, `statements[${i}].args`)),
    });
    return this.#write('batch', body, options, batchResultFromJson);
  }

  query(sql: string, args?: SqlArgs, options: ReadOptions = {}) {
    const makeCall = () => {
      checkReadOptions(options);
      const content = { ...statementToJson({ sql, ...argsOf(args) }), ...this.#reads(options) };
      const body = (timeoutMs: number) => ({ ...content, timeoutMs });
      return { ...this.#reading('query', body, options.timeoutMs), signal: options.signal };
    };
    const decode = (json: unknown) => {
      const result = queryResultFromJson(json);
      this.#session.readAt(tokenFromJson(json));
      return result;
    };
    return this.#run(makeCall, decode).catch((error) => {
      // Said once: later reads go on without what was lost.
      if (error instanceof PacelineError && error.code === 'POSITION_LOST')
        this.#session.forgetLost();
      throw error;
    });
  }

  get token(): string {
    return this.#session.token;
  }

  get certainToken(): string {
    return this.#session.certainToken;
  }

  status(): Promise<Status> {
    return this.#run(() => this.#reading('status', null), statusFromJson);
  }

  /** Waits for running calls, each of which ends by its own deadline; later ones throw CLOSED. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.allSettled(this.#running);
  }

  #reading(path: string, body: Call['body'], timeoutMs = this.#timeoutMs): Call {
    return { path, body, writeId: null, timeoutMs };
  }

  /** What of the options goes into the request; at level session, what this client has written and read does, too. */
  #reads({ level, maxLagMs, maxLagEntries, after, forward }: ReadOptions): object {
    const isSession =
      (level ?? 'session') === 'session' && (maxLagMs ?? maxLagEntries) === undefined;
    const needed = isSession ? this.#session.with(after) : after;
    return { level, maxLagMs, maxLagEntries, after: needed, forward };
  }

  #write<T extends Receipt>(
    path: string,
    makeBody: () => object,
    options: WriteOptions = {},
    decode: (json: unknown) => T,
  ): Promise<T> {
    const decodeAndNote = (json: unknown) => {
      const result = decode(json);
      this.#session.wroteAt(result.position, result.reached.committed);
      return result;
    };
    return this.#run(() => {
      const id = options.id ?? randomUUID();
      const content = makeBody();
      const { durability } = options;
      const asked = durability === undefined ? content : { ...content, durability };
      const body = (timeoutMs: number) => ({ ...asked, id, timeoutMs });
      return { path, body, writeId: id, timeoutMs: options.timeoutMs ?? this.#timeoutMs };
    }, decodeAndNote);
  }

  async #run<T>(makeCall: () => Call, decode: (json: unknown) => T): Promise<T> {
    if (this.#closed)
      throw new PacelineError('CLOSED', 'this client is closed; create another with createClient');
    const running = this.#caller.run(makeCall(), decode);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }
}

function argsOf(args: SqlArgs | undefined): { args?: SqlArgs } {
  return args === undefined ? {} : { args };
}

function statementToJson({ sql, args }: Statement, place = 'args'): object {
  return args === undefined ? { sql } : { sql, args: argsToJson(args, place) };
}

function parseUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^https?:$/.test(url.protocol))
    throw invalid(`${JSON.stringify(text)} is not an address such as http://127.0.0.1:4000`);
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function resolveLimits(options: ClientOptions): ClientLimits {
  const limits = { ...CLIENT_DEFAULTS, ...options };
  for (const [name, value] of Object.entries(limits))
    if (!(name in CLIENT_DEFAULTS) || !Number.isSafeInteger(value) || value < 1)
      throw invalid(`"${name}": ${value} is not an option with a positive integer`);
  return limits;
}

function invalid(what: string): PacelineError {
  return new PacelineError('OPTIONS_INVALID', `${what}; no client was created`);
}
