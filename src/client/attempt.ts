import { errorFromJson } from '../api/error-json.ts';
import { messageOf, type PacelineError } from '../base/errors.ts';

/** What one HTTP request came to. */
export type Attempt =
  | { readonly kind: 'answer'; readonly json: unknown }
  /** Paceline answered with an error. */
  | { readonly kind: 'error'; readonly error: PacelineError }
  /** Nothing was sent: the address refused, or is not there. */
  | { readonly kind: 'unreachable'; readonly why: string }
  /** It may have arrived, but no answer of Paceline came back. */
  | { readonly kind: 'lost'; readonly why: string };

/** Failures that come before the first byte is sent. */
const NOT_SENT = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL'],
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** Sends one request: a POST when there is a body. Never throws for what the network does. */
export async function attempt(
  url: URL,
  body: string | null,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<Attempt> {
  const timeout = AbortSignal.timeout(Math.max(1, timeoutMs));
  const request: RequestInit = {
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  };
  if (body !== null)
    Object.assign(request, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
    });
  try {
    const response = await fetch(url, request);
    return readAnswer(response.ok, response.status, await response.text());
  } catch (error) {
    const notSent = NOT_SENT.has(causeCode(error)) || isBlockedPort(error);
    const kind = notSent ? 'unreachable' : 'lost';
    return { kind, why: `${url.origin}: ${explain(error)}` };
  }
}

function readAnswer(ok: boolean, status: number, text: string): Attempt {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    return { kind: 'lost', why: `status ${status} without JSON (${messageOf(error)})` };
  }
  if (ok) return { kind: 'answer', json };
  const error = errorFromJson(json);
  if (error !== null) return { kind: 'error', error };
  return { kind: 'lost', why: `status ${status} without an error of Paceline's` };
}

/** fetch hides the socket's error in `cause`; an address with several IPs has one for each. */
function causeOf(error: unknown): unknown {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors.length > 0) return cause.errors[0];
  return cause ?? error;
}

function causeCode(error: unknown): string {
  const cause = causeOf(error);
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : '';
  return String(code);
}

/** fetch sends nothing to ports of other protocols, 6000 for instance (https://fetch.spec.whatwg.org/#port-blocking). */
function isBlockedPort(error: unknown): boolean {
  return messageOf(causeOf(error)) === 'bad port';
}

function explain(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return 'no answer in time';
  if (isBlockedPort(error)) return 'fetch blocks this port, serve HTTP on another one';
  return messageOf(causeOf(error)) || causeCode(error);
}
