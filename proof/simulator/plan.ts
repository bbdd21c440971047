import { Prng } from '../../src/base/prng.ts';
import { diskFiles } from '../../src/member/snapshot-files.ts';
import type { FaultRates } from '../../src/transport/memory-policy.ts';

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
  readonly options: PlanOptions;
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
}

/** Chances of their own, so that they do not change what else a seed decides. */
const LEASES = 0x1ea5e;
const SNAPSHOTS = 0x5a9;
const CALM = 0xca1;
/** What befalls members that are giving or taking a snapshot: in runs with many of them. */
const OF_SNAPSHOTS: readonly FaultKind[] = ['snapshot-giver-dies', 'snapshot-taker-dies'];
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
  const drawn = FAULT_KINDS.filter((kind) => !OF_SNAPSHOTS.includes(kind));
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
    options: { ...makeOptions(one), leaseDriftMs: 0 },
  };
  return withSnapshots(withLeases(plan, new Prng(seed ^ LEASES)), new Prng(seed ^ SNAPSHOTS));
}

/** Some have a long calm stretch, in which a client now and then does something, and seldom a fault comes. */
function calmMs(prng: Prng): number {
  return prng.chance(0.1) ? prng.between(10, 60) * MINUTE_MS : 0;
}

/** Some keep so little of the log that whoever was away for a moment needs a snapshot, which comes in many small pieces. */
function withSnapshots(plan: Plan, prng: Prng): Plan {
  if (plan.voters < 2 || !prng.chance(0.3)) return plan;
  const one = <T>(of: readonly T[]): T => of[prng.between(0, of.length - 1)]!;
  const faults = new Set(plan.faults);
  for (const kind of ['kill', 'partition'] as const) faults.add(kind);
  for (const kind of [...OF_SNAPSHOTS, 'snapshot-rot', 'lose-snapshot'] as const)
    if (prng.chance(0.8)) faults.add(kind);
  const { pageSizeBytes } = plan.options;
  const snapshots = { chunkBytes: one([1, 2, 8]) * pageSizeBytes, readMs: one([1, 20, 100]) };
  const short = { checkpointWalBytes: 8_000, logKeepBytes: one([1, 1_000]), segmentBytesMax: 4096 };
  const restMs = one([20, 20, 100]);
  return { ...plan, faults, restMs, snapshots, options: { ...plan.options, ...short } };
}

/** Some have leases, and then clocks that do not jump. */
function withLeases(plan: Plan, prng: Prng): Plan {
  if (!prng.chance(0.4)) return plan;
  const faults = new Set(plan.faults);
  faults.delete('clock-jump');
  const leaseDriftMs = plan.options.electionTimeoutMs / (prng.chance(0.5) ? 5 : 10);
  return { ...plan, faults, options: { ...plan.options, leaseDriftMs } };
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

function makeOptions(one: <T>(of: readonly T[]) => T): Omit<PlanOptions, 'leaseDriftMs'> {
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
