import type { ReadOptions } from '../api/read-options.ts';
import {
  decodeRead,
  decodeReadAnswer,
  encodeRead,
  encodeReadAnswer,
  type ReadAnswer,
  type WireRead,
} from '../api/read-wire.ts';
import type { QueryResult } from '../api/request.ts';
import { decodeToken } from '../api/token.ts';
import type { SqlArgs } from '../api/value.ts';
import { asPacelineError, PacelineError } from '../base/errors.ts';
import type { Clock } from './clock.ts';
import type { ReadRequest } from './read-request.ts';
import type { ReadWaits } from './read-waits.ts';
import type { Session } from './session.ts';

/** Of a read's time so much is for it to come back. */
const ANSWER_SHARE = 0.1;

export interface ElsewhereParts {
  readonly session: Session;
  readonly waits: ReadWaits;
  readonly clock: Clock;
  readonly post: {
    forward(key: number, bytes: Uint8Array): void;
    cancel(key: number): void;
    served(key: number, bytes: Uint8Array): void;
  };
  /** Serves another member's read here. */
  readonly serve: (
    sql: string,
    args: SqlArgs | undefined,
    options: ReadOptions,
  ) => Promise<QueryResult>;
}

/** The application's side of reads that are forwarded to the leader, and of those that others forward to this one. */
export class ReadsElsewhere {
  readonly #parts: ElsewhereParts;
  readonly #answers = new Map<number, { bytes: Uint8Array | null }>();
  #nextKey = 1;

  constructor(parts: ElsewhereParts) {
    this.#parts = parts;
  }

  /** Rejects with what the leader says, and at the deadline with `notHere`, which this member said itself. */
  async query(
    sql: string,
    args: SqlArgs | undefined,
    request: ReadRequest,
    options: ReadOptions,
    notHere: PacelineError,
  ): Promise<QueryResult> {
    const { session } = this.#parts;
    for (;;) {
      const there = this.#optionsThere(request, options);
      const read = await this.#ask({ sql, args, options: there }, request, notHere);
      if (!('error' in read)) {
        session.readElsewhere(decodeToken(read.token));
        return read.result;
      }
      const isOwn = read.error.code === 'POSITION_LOST' && there.after !== options.after;
      if (!isOwn || there.after === undefined) throw PacelineError.fromRecord(read.error);
      // There it is a token like others. Here it is a write of this handle's own, of which another read may have been told meanwhile.
      const lost = session.takeLost(decodeToken(there.after));
      if (lost !== null) throw lost;
    }
  }

  async #ask(read: WireRead, request: ReadRequest, notHere: PacelineError): Promise<ReadAnswer> {
    const { waits, post } = this.#parts;
    const key = this.#nextKey++;
    const answer: { bytes: Uint8Array | null } = { bytes: null };
    this.#answers.set(key, answer);
    try {
      post.forward(key, encodeRead(read));
      await waits.until(
        () => answer.bytes !== null,
        request,
        () => notHere,
      );
    } finally {
      if (this.#answers.delete(key) && answer.bytes === null) post.cancel(key);
    }
    return decodeReadAnswer(answer.bytes!);
  }

  answered(key: number, bytes: Uint8Array): void {
    const answer = this.#answers.get(key);
    if (answer === undefined) return;
    answer.bytes = bytes;
    this.#parts.waits.wake();
  }

  /** Another member's read, for which this one's own session does not count. */
  async serve(key: number, bytes: Uint8Array): Promise<void> {
    const { post, serve, session } = this.#parts;
    try {
      const { sql, args, options } = decodeRead(bytes);
      const result = await serve(sql, args, options);
      post.served(key, encodeReadAnswer({ result, token: session.certainToken }));
    } catch (error) {
      post.served(key, encodeReadAnswer({ error: asPacelineError(error).toRecord() }));
    }
  }

  /** The session of the handle there is another one: what this one needs goes along as a token. */
  #optionsThere(
    request: ReadRequest,
    { maxLagMs, maxLagEntries, after }: ReadOptions,
  ): ReadOptions {
    const { session, clock } = this.#parts;
    const leftMs = Math.max(1, (request.deadlineMs - clock.now()) * (1 - ANSWER_SHARE));
    const isSession = request.level === 'session';
    const needed = isSession ? session.tokenWith(after) : after;
    return {
      level: isSession ? 'eventual' : request.level,
      ...(maxLagMs === undefined ? {} : { maxLagMs }),
      ...(maxLagEntries === undefined ? {} : { maxLagEntries }),
      ...(needed === undefined ? {} : { after: needed }),
      timeoutMs: leftMs,
    };
  }
}
