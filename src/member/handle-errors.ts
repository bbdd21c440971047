import type { CancelSignal } from '../api/cancel-signal.ts';
import { checkDurability } from '../api/durability.ts';
import type { WriteOptions } from '../api/request.ts';
import { PacelineError } from '../base/errors.ts';
import type { MemberOptions } from './options.ts';

/** A write in flight when its member fails may have been replicated. */
export function unknownOutcome(error: PacelineError): PacelineError {
  return new PacelineError(
    'OUTCOME_UNKNOWN',
    `this member failed (${error.message}); the write may or may not take effect`,
    { cause: error },
  );
}

export function closed(): PacelineError {
  return new PacelineError('CLOSED', 'this member was closed');
}

const WRITE_NAMES: ReadonlySet<string> = new Set(['id', 'timeoutMs', 'durability', 'signal']);

/** Checks what came from outside. Throws REQUEST_INVALID: a misspelt `id` would be a write that may happen twice. */
export function checkWriteOptions(
  given: WriteOptions,
  options: Pick<MemberOptions, 'requestIdBytesMax' | 'members'>,
): void {
  if (typeof given !== 'object' || given === null)
    throw new PacelineError('REQUEST_INVALID', 'options are an object');
  for (const name in given)
    if (!WRITE_NAMES.has(name))
      throw new PacelineError('REQUEST_INVALID', `there is no option "${name}"`);
  const { id, timeoutMs, durability, signal } = given;
  if (id !== undefined) checkRequestId(id, options.requestIdBytesMax);
  if (timeoutMs !== undefined) checkTimeout(timeoutMs);
  if (durability !== undefined) checkDurability(durability, Object.keys(options.members));
  checkSignal(signal);
}

export function checkSignal(signal: CancelSignal | undefined): void {
  if (signal === undefined || typeof signal?.addEventListener === 'function') return;
  throw new PacelineError('REQUEST_INVALID', '"signal" must be an AbortSignal');
}

function checkRequestId(id: unknown, bytesMax: number): void {
  if (typeof id === 'string' && id !== '' && Buffer.byteLength(id) <= bytesMax) return;
  throw new PacelineError('REQUEST_INVALID', `a request id is a string of 1 to ${bytesMax} bytes`);
}

export function checkTimeout(timeoutMs: unknown): void {
  if (typeof timeoutMs === 'number' && timeoutMs > 0 && timeoutMs < Number.POSITIVE_INFINITY)
    return;
  throw new PacelineError(
    'REQUEST_INVALID',
    `timeoutMs must be a positive number, not ${timeoutMs}`,
  );
}

export function unconfirmed(id: string | null): PacelineError {
  const retry =
    id === null
      ? 'it has no request id to ask with, as it was asked without options'
      : `ask with outcome(), or try again, with the same request id (${id})`;
  const message = `the write was not confirmed by a majority in time and may or may not take effect: ${retry}`;
  return new PacelineError('OUTCOME_UNKNOWN', message);
}

export function notDone(): PacelineError {
  return new PacelineError(
    'TIMED_OUT',
    'the write had not begun when its time was up, and will not',
  );
}

export function overloaded(what: string, option: string): PacelineError {
  return new PacelineError('OVERLOADED', `${what} waiting already: slow down, or raise ${option}`);
}
