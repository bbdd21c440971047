/** Knobs of a client; each bounds one call. */
export interface ClientOptions {
  /** How long a call may take, all attempts together; a write's own `timeoutMs` goes first. */
  readonly timeoutMs?: number;
  /** Requests sent for one call, over all addresses. */
  readonly attemptsMax?: number;
  /** How long addresses are tried again while none of them can be reached at all; default: as long as the call may take. */
  readonly unreachableMs?: number;
  /** Pause before an address is tried again, doubled each time up to `retryDelayMsMax`. */
  readonly retryDelayMs?: number;
  readonly retryDelayMsMax?: number;
}

export type ClientLimits = Required<ClientOptions>;

export const CLIENT_DEFAULTS: ClientLimits = {
  timeoutMs: 10_000, // several elections
  attemptsMax: 50, // with the pauses below, more than fit the timeout: the deadline decides
  unreachableMs: Number.MAX_SAFE_INTEGER, // the deadline decides
  retryDelayMs: 50, // a crashed leader is replaced in tens of milliseconds
  retryDelayMsMax: 1000,
};

/**
 * Of an attempt's time this much, but at most a quarter, is for the answer to arrive: the member itself is
 * given the rest, so that it can still say what became of a write.
 */
export const ANSWER_GRACE_MS = 500;
