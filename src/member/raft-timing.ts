import { Prng } from '../base/prng.ts';
import type { RaftConfig } from '../raft/config.ts';
import type { MemberOptions } from './options.ts';

/** How long a tick of Raft's clock lasts. */
export const TICK_MS = 10;
/** A follower's rank times this is how long it waits before it tries to replace a leader whose connection closed. */
export const CAMPAIGN_DELAY_TICKS = 2;
/** How long followers wait to hear of a commit when no entries follow it: about the time in which under load they would. */
export const COMMIT_NEWS_MS = 3;
/** Appends on the way to one follower: enough to fill the time of a round trip with small batches. */
const INFLIGHT_MESSAGES_MAX = 128;
const INFLIGHT_BYTES_MAX = 16 * 2 ** 20;
const APPEND_BYTES_MAX = 2 ** 20;

/** How long a lease lasts if voters promise so many ticks. Their first tick may come at once, and their timers a little early. */
export function leaseMs({ leaseDriftMs }: MemberOptions, promisedTicks: number): number {
  return promisedTicks * TICK_MS - leaseDriftMs - 2 * TICK_MS;
}

/** For so long a voter with these options promises a leader to help nobody else; 0 without leases. */
export function promiseMs({ leaseDriftMs, electionTimeoutMs }: MemberOptions): number {
  return leaseDriftMs > 0 ? electionTicks(electionTimeoutMs) * TICK_MS : 0;
}

function electionTicks(electionTimeoutMs: number): number {
  return Math.ceil(electionTimeoutMs / TICK_MS);
}

/** `promisedMs`: what it may have promised before this start. */
export function raftConfig(options: MemberOptions, seed: number, promisedMs = 0): RaftConfig {
  return {
    id: options.id,
    electionTicks: electionTicks(options.electionTimeoutMs),
    promisedTicks: Math.ceil(promisedMs / TICK_MS),
    heartbeatTicks: Math.max(1, Math.floor(options.heartbeatMs / TICK_MS)),
    campaignDelayTicks: CAMPAIGN_DELAY_TICKS,
    inflightMessagesMax: INFLIGHT_MESSAGES_MAX,
    inflightBytesMax: INFLIGHT_BYTES_MAX,
    appendBytesMax: APPEND_BYTES_MAX,
    delayCommitNews: true,
    protectLeader: options.leaseDriftMs > 0,
    prng: new Prng(seed),
  };
}
