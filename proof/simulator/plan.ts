import type { Durability } from '../../src/api/durability.ts';
import { Prng } from '../../src/base/prng.ts';
import { DEFAULTS } from '../../src/member/options.ts';
import { diskFiles } from '../../src/member/snapshot-files.ts';
import type { FaultRates } from '../../src/transport/memory-policy.ts';
import { OF_VARIATIONS, vary } from './plan-variations.ts';

/** What can go wrong. Each run has some of them. */
export const FAULT_KINDS = [
  'lose',
  'delay',
  'duplicate',
  'reorder',
  'disconnect',
  'partition',
  'one-way',
  'partial',
  'flap',
  'kill',
  'power-loss',
  'crash-at-io',
  'crash-at-commit',
  'restart',
  'fsync-fails',
  'log-rot',
  'snapshot-rot',
  'disk-full',
  'slow-disk',
  'clock-drift',
  'clock-jump',
  'stall-loop',
  'stall-sql',
  'stall-process',
  'lose-snapshot',
  'membership',
  'transfer',
  'snapshot-giver-dies',
  'snapshot-taker-dies',
  'database-sync-fails',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Everything that a seed decides before a run begins. */
export interface Plan {
  readonly seed: number;
  /** Members have SQLite, not a state machine in its place. */
  readonly realSqlite: boolean;
  readonly voters: number;
  readonly learners: number;
  /** Processes that run beside the cluster, and may be taken into it. */
  readonly spares: number;
  readonly faults: ReadonlySet<FaultKind>;
  /** Of these, what does not happen all the same: a smaller run than the seed's. */
  readonly without: ReadonlySet<FaultKind>;
  /** So much at most is done by the nemesis; null: no limit. */
  readonly eventsMax: number | null;
  /** Between two faults, on average. */
  readonly faultEveryMs: number;
  readonly faultsMs: number;
  /** When all that was healed it goes on for so long, at the pace of a quiet day. */
  readonly calmMs: number;
  readonly clients: number;
  /** A client rests so long between two actions, on average. */
  readonly restMs: number;
  /** Share of reads. */
  readonly reads: number;
  /** Share of writes that carry a request id of the client's. */
  readonly named: number;
  readonly network: FaultRates;
  /** Like TCP: a frame that is lost takes its connection with it. */
  readonly lossBreaks: boolean;
  readonly portMsMax: number;
  readonly diskMsMax: number;
  readonly snapshots: SnapshotPlan;
  readonly calls: CallShares;
  readonly options: PlanOptions;
}

/** What clients do beside single statements, batches and transactions that they end themselves: shares of their actions. */
export interface CallShares {
  /** Of the writes: functions that are run as a transaction, and read what they change. */
  readonly functions: number;
  /** Of the reads: several of one state that is held (snapshots, read transactions, rows one by one), and reads in other threads. */
  readonly states: number;
  /** Of the appends: many at a time, by `load`. */
  readonly loads: number;
}

/** How databases come from one member to another. */
export interface SnapshotPlan {
  /** What is asked for at a time. */
  readonly chunkBytes: number;
  /** It takes so long to read that. */
  readonly readMs: number;
}

export interface PlanOptions {
  readonly pageSizeBytes: number;
  readonly heartbeatMs: number;
  readonly electionTimeoutMs: number;
  /** 0: no leases. Else clocks stay within that, so that what is promised under that condition must hold. */
  readonly leaseDriftMs: number;
  readonly writeTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly requestIdsKept: number;
  readonly checkpointWalBytes: number;
  readonly logKeepBytes: number;
  readonly segmentBytesMax: number;
  readonly pageCacheBytes: number;
  readonly durability: Durability;
  readonly snapshotWalBytesMax: number;
}

/** Chances of their own, so that they do not change what else a seed decides. */
const CALM = 0xca1;
const NO_CALLS: CallShares = { functions: 0, states: 0, loads: 0 };
/** As members do it by themselves. */
const SNAPSHOTS_AS_THEY_ARE: SnapshotPlan = { chunkBytes: diskFiles.chunkBytes, readMs: 0 };
/** One run of so many is on real SQLite: those take longer. */
const REAL_EVERY = 7;

const MINUTE_MS = 60_000;

/** At which pace things happen, on average: see the plan's own. */
export interface Pace {
  readonly restMs: number;
  readonly faultEveryMs: number;
}

export const CALM_PACE: Pace = { restMs: 20_000, faultEveryMs: 120_000 };

const VOTERS = [1, 2, 3, 3, 3, 3, 5, 5];

export function makePlan(seed: number): Plan {
  const prng = new Prng(seed);
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const voters = one(VOTERS);
  const learners = voters < 5 && prng.chance(0.25) ? prng.between(1, 2) : 0;
  const membership = voters > 1 && prng.chance(0.3);
  const wanted = one([0.15, 0.3, 0.6]);
  const drawn = FAULT_KINDS.filter((kind) => !OF_VARIATIONS.includes(kind));
  const faults = new Set<FaultKind>(drawn.filter(() => prng.chance(wanted)));
  if (membership) faults.add('membership');
  else faults.delete('membership');
  const plan: Plan = {
    seed,
    realSqlite: seed % REAL_EVERY === REAL_EVERY - 1,
    voters,
    learners,
    spares: membership ? 1 : 0,
    faults,
    without: new Set(),
    eventsMax: null,
    faultEveryMs: one([150, 500, 1500]),
    faultsMs: one([5_000, 15_000, 40_000]),
    calmMs: calmMs(new Prng(seed ^ CALM)),
    clients: prng.between(1, 6),
    restMs: one([20, 100, 400]),
    reads: one([0.2, 0.5]),
    named: one([0, 0.5, 1]),
    network: networkRates(faults, prng),
    lossBreaks: prng.chance(0.7),
    portMsMax: one([0.05, 0.05, 1, 5]),
    diskMsMax: one([0.1, 2, 5]),
    snapshots: SNAPSHOTS_AS_THEY_ARE,
    calls: NO_CALLS,
    options: { ...makeOptions(one), ...AS_BY_DEFAULT },
  };
  return vary(plan);
}

/** Some have a long calm stretch, in which a client now and then does something, and seldom a fault comes. */
function calmMs(prng: Prng): number {
  return prng.chance(0.1) ? prng.between(10, 60) * MINUTE_MS : 0;
}

/** How far a clock may be off, in percent: two of them by no more than leases allow for within an election timeout. */
export function clockDriftPercent({ leaseDriftMs, electionTimeoutMs }: PlanOptions): number {
  return leaseDriftMs === 0 ? 20 : Math.floor((50 * leaseDriftMs) / electionTimeoutMs);
}

function networkRates(faults: ReadonlySet<FaultKind>, prng: Prng): FaultRates {
  const rate = (kind: FaultKind) => (faults.has(kind) ? prng.between(1, 50) / 1000 : 0);
  return {
    delayMinMs: 0,
    delayMaxMs: faults.has('delay') ? prng.between(5, 60) : 1,
    loss: rate('lose'),
    duplication: rate('duplicate'),
    reordering: rate('reorder'),
  };
}

const { durability, snapshotWalBytesMax } = DEFAULTS;
const AS_BY_DEFAULT = { leaseDriftMs: 0, durability, snapshotWalBytesMax };

function makeOptions(
  one: <T>(of: readonly T[]) => T,
): Omit<PlanOptions, keyof typeof AS_BY_DEFAULT> {
  return {
    pageSizeBytes: one([512, 512, 512, 512, 512, 1024, 4096]),
    heartbeatMs: 100,
    electionTimeoutMs: one([500, 1000]),
    writeTimeoutMs: one([1500, 4000, 10_000]),
    closeTimeoutMs: one([500, 5000]),
    requestIdsKept: one([2000, 100_000]),
    checkpointWalBytes: one([8_000, 30_000, 200_000]),
    logKeepBytes: one([1_000, 10_000, 200_000]),
    segmentBytesMax: one([4096, 16_384]),
    pageCacheBytes: one([4096, 65_536]),
  };
}
