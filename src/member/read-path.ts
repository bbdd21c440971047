import type { ReadOptions } from '../api/read-options.ts';
import type { QueryResult } from '../api/request.ts';
import type { SqlArgs } from '../api/value.ts';
import type { Clock } from './clock.ts';
import type { ReadConditions, Seen } from './read-conditions.ts';
import type { ReadIndexRequests } from './read-index-requests.ts';
import { makeRequest, type ReadRequest } from './read-request.ts';
import type { ReadWaits } from './read-waits.ts';
import type { Session } from './session.ts';
import type { SharedState } from './shared-state.ts';
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
}

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
    const { shared, session, copy } = this.#parts;
    if (options !== undefined || !session.isCurrent) return this.#query(sql, args, options);
    try {
      const undone = shared.undone;
      const value = copy.reader.query(sql, args, shared.schema);
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
    const { shared, copy } = this.#parts;
    const request = this.request(options);
    return this.read(request, () => copy.reader.query(sql, args, shared.schema), first);
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
    if (request.level === 'strong') request.readIndex ??= await indexes.next(request, notServed);
    await waits.until(() => conditions.mayRead(request), request, notServed);
  }
}
