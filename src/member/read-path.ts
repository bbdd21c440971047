import type { ReadOptions } from '../api/read-options.ts';
import { isNotServedHere } from '../api/read-wire.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import { asPacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { ReadConditions, Seen } from './read-conditions.ts';
import type { ReadIndexRequests } from './read-index-requests.ts';
import { makeRequest, type ReadRequest } from './read-request.ts';
import type { ReadWaits } from './read-waits.ts';
import type { ReaderPool } from './reader-pool.ts';
import type { ReaderThread } from './reader-thread.ts';
import type { ReadsElsewhere } from './reads-elsewhere.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';
import type { SlowStatements } from './slow-statements.ts';
import type { ThisCopy } from './this-copy.ts';

export interface ReadPathParts {
  readonly shared: SharedState;
  readonly session: Session;
  readonly copy: ThisCopy;
  readonly conditions: ReadConditions;
  readonly waits: ReadWaits;
  readonly indexes: ReadIndexRequests;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly pool: ReaderPool;
  readonly elsewhere: ReadsElsewhere;
  /** What is read on a thread of its own although nobody asked for that; null for nothing. */
  readonly slow: SlowStatements | null;
}

/** How long a read that may be forwarded waits for this member: time for what is on its way, not more. */
const HERE_MS = 50;
const SESSION: ReadOptions = {};

/**
 * Reads of this member's own copy on the calling thread, with the guarantee that the caller chose, and never of
 * uncommitted data (I5): if there may have been some in what was read, the answer waits until it is committed, and is read
 * again if it was undone instead.
 */
export class ReadPath {
  readonly #parts: ReadPathParts;

  constructor(parts: ReadPathParts) {
    this.#parts = parts;
  }

  /** Most reads are over at once, without a promise of ours in between. */
  query(sql: string, args: SqlArgs | undefined, options?: ReadOptions): Promise<QueryResult> {
    const { shared, session, copy, slow } = this.#parts;
    if (options !== undefined || slow?.has(sql) === true) return this.#query(sql, args, options);
    try {
      if (!session.isCurrent && !session.look()) return this.#query(sql, args, options);
      const undone = shared.undone;
      const value =
        slow === null
          ? copy.reader.query(sql, args, shared.schema)
          : slow.time(sql, () => copy.reader.query(sql, args, shared.schema));
      const visible = shared.visible;
      if (!shared.isCommitted(visible) || shared.undone !== undone)
        return this.#query(sql, args, options, { value, visible, undone });
      session.noteRead(visible);
      return Promise.resolve(value);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async #query(
    sql: string,
    args: SqlArgs | undefined,
    options: ReadOptions = SESSION,
    first: Seen<QueryResult> | null = null,
  ): Promise<QueryResult> {
    const request = this.request(options);
    if (options.forward === true) return this.#orElsewhere(sql, args, options, request);
    if (options.worker ?? this.#isSlow(sql)) return this.#inWorker(sql, args, request);
    return this.read(request, () => this.#onThisThread(sql, args), first);
  }

  /** Here if that is possible soon, else at the leader. */
  async #orElsewhere(
    sql: string,
    args: SqlArgs | undefined,
    options: ReadOptions,
    request: ReadRequest,
  ): Promise<QueryResult> {
    const { forward: _, ...hereOptions } = options;
    const timeoutMs = Math.min(HERE_MS, request.deadlineMs - request.startMs);
    try {
      return await this.#query(sql, args, { ...hereOptions, timeoutMs });
    } catch (error) {
      if (!isNotServedHere(error)) throw error;
      const notHere = asPacelineError(error);
      return this.#parts.elsewhere.query(sql, args, request, options, notHere);
    }
  }

  #onThisThread(sql: string, args: SqlArgs | undefined): QueryResult {
    const { shared, copy, slow } = this.#parts;
    const look = () => copy.reader.query(sql, args, shared.schema);
    return slow === null ? look() : slow.time(sql, look);
  }

  async #inWorker(
    sql: string,
    args: SqlArgs | undefined,
    request: ReadRequest,
  ): Promise<QueryResult> {
    const { shared, pool, slow, clock } = this.#parts;
    const taken: { thread: ReaderThread | null } = { thread: null };
    try {
      return await this.read(request, async () => {
        taken.thread ??= await pool.take(request);
        const startMs = clock.now();
        const result = await taken.thread.query(sql, args, shared.schema, false, request.signal);
        slow?.note(sql, clock.now() - startMs);
        return result;
      });
    } finally {
      if (taken.thread !== null) pool.release(taken.thread);
    }
  }

  #isSlow(sql: string): boolean {
    return this.#parts.slow?.has(sql) === true;
  }

  request(options: ReadOptions): ReadRequest {
    const { shared, clock, timeoutMs } = this.#parts;
    return makeRequest(options, shared, clock.now(), timeoutMs);
  }

  /** Calls `look` when this copy has what the request must see, until what it returns may be returned. */
  async read<T>(
    request: ReadRequest,
    look: () => T | Promise<T>,
    first: Seen<Awaited<T>> | null = null,
  ): Promise<Awaited<T>> {
    const { shared, conditions, waits } = this.#parts;
    for (let seen = first; ; seen = null) {
      if (seen === null) {
        await this.#mayRead(request);
        const { undone } = shared;
        const value = await look();
        seen = { value, undone, visible: shared.visible };
      }
      const looked = seen;
      const isSettled = () => conditions.isSettled(looked);
      await waits.until(isSettled, request, () => conditions.notCommitted());
      if (conditions.holds(looked)) return looked.value;
    }
  }

  async #mayRead(request: ReadRequest): Promise<void> {
    const { conditions, waits, indexes, copy } = this.#parts;
    const notServed = () => conditions.notServed(request);
    copy.check();
    // What is lost is told at once, also where nobody can be asked what is committed.
    request.after?.look();
    if (request.level === 'strong') request.readIndex ??= await indexes.next(request, notServed);
    await waits.until(() => conditions.mayRead(request), request, notServed);
  }
}
