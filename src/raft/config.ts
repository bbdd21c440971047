import { PacelineError } from '../base/errors.ts';
import type { Prng } from '../base/prng.ts';
import type { MemberId } from './entry.ts';

/** Time is counted in ticks; how long one lasts is the shell's choice. */
export interface RaftConfig {
  /** This member. */
  readonly id: MemberId;
  /**
   * A follower that hears no leader for [electionTicks, 2 * electionTicks) ticks, drawn anew each
   * time, campaigns.
   */
  readonly electionTicks: number;
  /**
   * A leader sends heartbeats every so many ticks. Less than electionTicks, so that one lost
   * heartbeat is no election.
   */
  readonly heartbeatTicks: number;
  /**
   * After the leader's connection closed, the voter of rank r campaigns r * campaignDelayTicks
   * ticks later.
   */
  readonly campaignDelayTicks: number;
  /**
   * Appends with entries sent to one follower and not answered; at the limit, entries wait in the
   * log.
   */
  readonly inflightMessagesMax: number;
  /**
   * Entry bytes sent to one follower and not answered; passed by at most one append, then entries
   * wait in the log.
   */
  readonly inflightBytesMax: number;
  /** Entry bytes in one append; a larger entry travels alone. */
  readonly appendBytesMax: number;
  /**
   * The only source of chance: election timeouts and request numbers. Seed it differently at each
   * start.
   */
  readonly prng: Prng;
  /**
   * A snapshot request that was not answered is repeated after so many ticks; default 10 *
   * electionTicks.
   */
  readonly snapshotRetryTicks?: number;
  /**
   * A new commit index goes to followers with the next entries, at the next tick, or when `announceCommit` is called, instead of
   * at once in a message of its own: while entries flow, those messages would cost more than they bring. Default false.
   */
  readonly delayCommitNews?: boolean;
  /**
   * For a leader that wants a lease: voters promise whoever they hear that for electionTicks they help nobody else to
   * lead, also not when its connection closes or after they restart. The same on all members. Default false.
   */
  readonly protectLeader?: boolean;
  /**
   * The longest such promise that this member may have given before this start: for so many ticks it helps nobody to lead, whatever
   * is promised now. Default 0.
   */
  readonly promisedTicks?: number;
  /** A campaign on a hint that came to nothing is repeated after this many to twice as many ticks; default 3. */
  readonly campaignRetryTicks?: number;
  /**
   * Reads waiting for a read index, other members' batches included; one more fails at once.
   * Default 10,000.
   */
  readonly readsPendingMax?: number;
  /** Read-index rounds on the way at a time; later reads gather for the next round. Default 4. */
  readonly readRoundsMax?: number;
}

export type ResolvedConfig = Required<RaftConfig>;

/**
 * Fetching a snapshot takes seconds: asking more often would only repeat what the follower is
 * doing.
 */
const SNAPSHOT_RETRY_ELECTIONS = 10;
/** A few round trips, and time for a vote to reach the disk: a campaign that can succeed has done so by then. */
const CAMPAIGN_RETRY_TICKS = 3;
/** Far above what a member's readers have open at a time, and small in memory. */
const READS_PENDING_MAX = 10_000;
/**
 * A round lasts one round trip; a few overlapping ones hide it, more would be heartbeats without
 * gain.
 */
const READ_ROUNDS_MAX = 4;

/** Fills in defaults and checks. Throws OPTIONS_INVALID. */
export function resolveConfig(config: RaftConfig): ResolvedConfig {
  const resolved: ResolvedConfig = {
    ...config,
    snapshotRetryTicks:
      config.snapshotRetryTicks ?? SNAPSHOT_RETRY_ELECTIONS * config.electionTicks,
    delayCommitNews: config.delayCommitNews ?? false,
    protectLeader: config.protectLeader ?? false,
    promisedTicks: config.promisedTicks ?? 0,
    campaignRetryTicks: config.campaignRetryTicks ?? CAMPAIGN_RETRY_TICKS,
    readsPendingMax: config.readsPendingMax ?? READS_PENDING_MAX,
    readRoundsMax: config.readRoundsMax ?? READ_ROUNDS_MAX,
  };
  if (resolved.id === '') throw invalid('id must not be empty');
  requirePositive(resolved, 'electionTicks');
  requirePositive(resolved, 'heartbeatTicks');
  requirePositive(resolved, 'campaignDelayTicks');
  requirePositive(resolved, 'inflightMessagesMax');
  requirePositive(resolved, 'inflightBytesMax');
  requirePositive(resolved, 'appendBytesMax');
  requirePositive(resolved, 'snapshotRetryTicks');
  requirePositive(resolved, 'campaignRetryTicks');
  requirePositive(resolved, 'readsPendingMax');
  requirePositive(resolved, 'readRoundsMax');
  if (!Number.isSafeInteger(resolved.promisedTicks) || resolved.promisedTicks < 0)
    throw invalid(`promisedTicks must be 0 or a positive integer, not ${resolved.promisedTicks}`);
  if (resolved.heartbeatTicks >= resolved.electionTicks) {
    throw invalid('heartbeatTicks must be less than electionTicks; ten times less is usual');
  }
  return resolved;
}

type NumericKey = Exclude<
  keyof ResolvedConfig,
  'id' | 'prng' | 'delayCommitNews' | 'protectLeader' | 'promisedTicks'
>;

function requirePositive(config: ResolvedConfig, key: NumericKey): void {
  const value = config[key];
  if (!Number.isSafeInteger(value) || value < 1) {
    throw invalid(`${key} must be a positive integer, not ${value}`);
  }
}

function invalid(why: string): PacelineError {
  return new PacelineError('OPTIONS_INVALID', `Raft configuration: ${why}.`);
}
