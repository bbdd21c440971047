import { DEFAULTS, type Logger } from '../member/options.ts';

/** What the HTTP front may be told. Limits hold per member. */
export interface HttpOptions {
  /** `host:port` to listen on, nothing else is bound; port 0 takes a free one. */
  readonly listen: string;
  readonly logger?: Logger;

  readonly bodyBytesMax?: number;
  readonly bodiesBytesMax?: number;
  readonly resultBytesMax?: number;
  readonly requestsMax?: number;
  readonly connectionsMax?: number;
  readonly statementsMax?: number;
  readonly timeoutMsMax?: number;
  readonly headersTimeoutMs?: number;
  readonly requestTimeoutMs?: number;
  readonly keepAliveMs?: number;
  readonly closeTimeoutMs?: number;
}

export type HttpLimits = Required<Omit<HttpOptions, 'listen' | 'logger'>>;

export const HTTP_DEFAULTS: HttpLimits = {
  // One request; then REQUEST_TOO_LARGE. Room for blobs, which base64 makes a third larger.
  bodyBytesMax: 16 * 2 ** 20,
  // of all requests under way; then OVERLOADED. Bounds memory however many come
  bodiesBytesMax: 256 * 2 ** 20,
  // one query's JSON; then RESULT_TOO_LARGE. A write's answer is bounded by the member
  resultBytesMax: DEFAULTS.resultBytesMax,
  // SQL requests under way; then OVERLOADED. Enough to fill group commits, few enough to answer soon
  requestsMax: 4096,
  connectionsMax: 16_384, // then the kernel's new connections are closed at once
  statementsMax: 100_000, // of one batch; then REQUEST_INVALID
  timeoutMsMax: 600_000, // a write's own "timeoutMs"; then REQUEST_INVALID
  headersTimeoutMs: 10_000, // a peer that opens connections and dawdles
  requestTimeoutMs: 60_000, // for all of the body to arrive; not for the answer
  keepAliveMs: 65_000, // longer than the 60 s of common load balancers, so that they close first
  closeTimeoutMs: 5_000, // for running requests when closing; then their connections are cut
};

/** Seconds that `Retry-After` asks for: an election is over by then. */
export const RETRY_AFTER_S = 1;
