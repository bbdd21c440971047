import { setTimeout as sleep } from 'node:timers/promises';
import type { CancelSignal } from '../api/cancel-signal.ts';
import { assert } from '../base/assert.ts';
import { messageOf, PacelineError } from '../base/errors.ts';
import { type Attempt, attempt } from './attempt.ts';
import { ANSWER_GRACE_MS, type ClientLimits } from './options.ts';

/** A further attempt is made only if so much time is left for it. */
const ATTEMPT_MS_MIN = 50;

export interface Call {
  readonly path: string;
  /** The body, given the milliseconds that are left; null for a GET. */
  readonly body: ((leftMs: number) => object) | null;
  /** The id that makes repeating this write safe; null for what changes nothing. */
  readonly writeId: string | null;
  readonly timeoutMs: number;
  /** Ends the call, also between attempts. */
  readonly signal?: CancelSignal | undefined;
}

/**
 * Sends a call to one address after the other until it is decided. Repeating is always safe: a call
 * either changes nothing, or carries an id under which it takes effect once (I9).
 */
export class Caller {
  readonly #urls: readonly URL[];
  readonly #limits: ClientLimits;
  /** The address that answered last: the next call begins there. */
  #current = 0;

  constructor(urls: readonly URL[], limits: ClientLimits) {
    assert(urls.length > 0, 'a client without addresses');
    this.#urls = urls;
    this.#limits = limits;
  }

  /** The answer, read by `decode`. Throws the member's error, or the one that fits when none answered in time. */
  async run<T>(call: Call, decode: (json: unknown) => T): Promise<T> {
    const startMs = performance.now();
    const deadline = startMs + call.timeoutMs;
    const signal = call.signal as AbortSignal | undefined;
    const { attemptsMax, unreachableMs } = this.#limits;
    let pauseMs = this.#limits.retryDelayMs;
    let inDoubt = false; // an earlier attempt may have been executed
    let last: Attempt | null = null;
    let unreachable = 0; // attempts since one arrived anywhere
    for (let sent = 0; sent < attemptsMax; sent++) {
      if (sent > 0 && sent % this.#urls.length === 0) {
        await delay(Math.min(pauseMs, Math.max(0, deadline - performance.now())), signal);
        pauseMs = Math.min(pauseMs * 2, this.#limits.retryDelayMsMax);
      }
      // An attempt cut off before it could connect would leave a doubt that there need not be.
      if (sent > 0 && deadline - performance.now() < ATTEMPT_MS_MIN) break;
      signal?.throwIfAborted();
      last = await this.#once(call, this.#share(deadline - performance.now(), sent));
      if (last.kind !== 'answer') signal?.throwIfAborted();
      if (last.kind === 'answer') return decodeAnswer(call, last.json, decode);
      if (last.kind === 'error' && !worthAnother(last.error)) throw last.error;
      inDoubt ||= last.kind === 'lost' || isUnknown(last);
      unreachable = last.kind === 'unreachable' ? unreachable + 1 : 0;
      const none = unreachable >= this.#urls.length && !inDoubt;
      if (none && performance.now() - startMs > unreachableMs) break;
      this.#current = (this.#current + 1) % this.#urls.length;
    }
    throw undecided(call, last, inDoubt);
  }

  /** The time is divided among the addresses not asked in this round, so that a hung member does not use it up. */
  #share(leftMs: number, sent: number): number {
    const others = this.#urls.length - (sent % this.#urls.length);
    return Math.max(1, Math.floor(leftMs / others));
  }

  #once(call: Call, timeoutMs: number): Promise<Attempt> {
    const url = new URL(call.path, this.#urls[this.#current]!);
    const graceMs = Math.min(ANSWER_GRACE_MS, Math.floor(timeoutMs / 4));
    const body = call.body === null ? null : JSON.stringify(call.body(timeoutMs - graceMs));
    return attempt(url, body, timeoutMs, call.signal as AbortSignal | undefined);
  }
}

/** Ends early when the signal does: the caller looks at that. */
async function delay(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return sleep(ms);
  await sleep(ms, undefined, { signal }).catch((error) => {
    if (!signal.aborted) throw error;
  });
}

function decodeAnswer<T>(call: Call, json: unknown, decode: (json: unknown) => T): T {
  try {
    return decode(json);
  } catch (error) {
    if (call.writeId === null) throw error;
    throw unknownOutcome(call.writeId, messageOf(error)); // it said yes, in words we do not know
  }
}

function worthAnother(error: PacelineError): boolean {
  const { category, code } = error;
  if (code === 'CLOSED') return true; // that member stops; the next one serves
  return category === 'retryable' || category === 'redirect' || category === 'unknown-outcome';
}

function isUnknown(last: Attempt): boolean {
  return last.kind === 'error' && last.error.category === 'unknown-outcome';
}

function undecided(call: Call, last: Attempt | null, inDoubt: boolean): PacelineError {
  const why = last === null || last.kind === 'answer' ? 'no time was left' : reasonOf(last);
  if (inDoubt && call.writeId !== null) return unknownOutcome(call.writeId, why);
  if (last?.kind === 'error') return last.error;
  const hint = 'check the addresses and that the members run, then try again';
  return new PacelineError('NOT_READY', `no member answered (${why}); ${hint}`);
}

function unknownOutcome(writeId: string, why: string): PacelineError {
  const hint = `to learn which, send it again with "id": ${JSON.stringify(writeId)}`;
  const message = `the write may or may not have taken effect (${why}); ${hint}`;
  return new PacelineError('OUTCOME_UNKNOWN', message);
}

function reasonOf(last: Exclude<Attempt, { kind: 'answer' }>): string {
  return last.kind === 'error' ? `${last.error.code}: ${last.error.message}` : last.why;
}
