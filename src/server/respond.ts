import { errorToJson } from '../api/error-json.ts';
import { type ErrorCategory, messageOf, PacelineError } from '../base/errors.ts';
import type { Logger } from '../member/options.ts';
import { RETRY_AFTER_S } from './options.ts';

const STATUS_OF: Readonly<Record<ErrorCategory, number>> = {
  rejected: 400,
  redirect: 421, // Misdirected Request: another member can serve it
  retryable: 503,
  'unknown-outcome': 504, // what a gateway says that has heard nothing back
  fault: 500,
};

/** The HTTP status follows from the category, but for the two below, which have statuses of their own. */
export function statusOf(error: PacelineError): number {
  if (error.code.endsWith('_TOO_LARGE')) return 413;
  if (error.code === 'CLOSED') return 503; // this member stops: its clients go to the next one
  return STATUS_OF[error.category];
}

export function respondError(error: PacelineError, status = statusOf(error)): Response {
  return respondJson(JSON.stringify(errorToJson(error)), status);
}

export function respondJson(json: string, status = 200): Response {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_S);
  return new Response(json, { status, headers });
}

/** Anything thrown, as the error to answer with. What nobody foresaw is logged, not shown. */
export function toPacelineError(thrown: unknown, logger: Logger | undefined): PacelineError {
  if (thrown instanceof PacelineError) return thrown;
  logger?.error({ err: thrown }, `unexpected error in an HTTP request: ${messageOf(thrown)}`);
  const hint = "a bug in Paceline; the member's log has the details";
  return new PacelineError('INTERNAL', `this request met an unexpected error: ${hint}`);
}
