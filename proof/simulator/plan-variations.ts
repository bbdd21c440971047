import type { Durability } from '../../src/api/durability.ts';
import { Prng } from '../../src/base/prng.ts';
import { majority } from '../../src/raft/quorum.ts';
import { MEMBER_NAMES } from './member-names.ts';
import type { CallShares, FaultKind, Plan } from './plan.ts';

type Variation = (plan: Plan, prng: Prng) => Plan;

/** Chances of their own, so that they do not change what else a seed decides. */
const LEASES = 0x1ea5e;
const SNAPSHOTS = 0x5a9;
const CALLS = 0xca115;
const DURABILITY = 0xd15c;
/** These are so chosen that they leave the seeds that once failed as they are. */
const CROWD = 0xc436;
const SYNCS = 0x24b;
/** What befalls members that are giving or taking a snapshot: in runs with many of them. */
const OF_SNAPSHOTS: readonly FaultKind[] = ['snapshot-giver-dies', 'snapshot-taker-dies'];
/** Faults that only runs which are varied have. */
export const OF_VARIATIONS: readonly FaultKind[] = [...OF_SNAPSHOTS, 'database-sync-fails'];

/** What some runs have beside what all draw. */
export function vary(plan: Plan): Plan {
  const variations: readonly (readonly [number, Variation])[] = [
    [LEASES, withLeases],
    [SNAPSHOTS, withSnapshots],
    [CALLS, withCalls],
    [DURABILITY, withDurability],
    [CROWD, withCrowd],
    [SYNCS, withFailingSyncs],
  ];
  return variations.reduce(
    (so, [chance, change]) => change(so, new Prng(plan.seed ^ chance)),
    plan,
  );
}

/** In some, clients call what else there is. */
function withCalls(plan: Plan, prng: Prng): Plan {
  const share = (of: readonly number[]) => of[prng.between(0, of.length - 1)]!;
  const calls: CallShares = {
    functions: share([0, 0, 0.15, 0.5]),
    states: share([0, 0, 0.15, 0.5]),
    loads: share([0, 0, 0.1, 0.4]),
  };
  // Held states are in the way of checkpoints, and end when the WAL is so long.
  const snapshotWalBytesMax = share([1, 2, 20]) * plan.options.checkpointWalBytes;
  return { ...plan, calls, options: { ...plan.options, snapshotWalBytesMax } };
}

/** In some, a write that does not say how durable it is to be is so by an option. */
function withDurability(plan: Plan, prng: Prng): Plan {
  if (!prng.chance(0.25)) return plan;
  const { voters } = plan;
  const counts = [1, majority(voters), prng.between(1, voters)] as const;
  const all: readonly Durability[] = ['local', 'local', 'all', ...counts, [MEMBER_NAMES[0]!]];
  const durability = all[prng.between(0, all.length - 1)]!;
  return { ...plan, options: { ...plan.options, durability } };
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

/** In some, many clients hurry while nothing happens but that members lose sight of each other: leaders are deposed with much under way. */
function withCrowd(plan: Plan, prng: Prng): Plan {
  if (plan.voters < 2 || !prng.chance(0.08)) return plan;
  const faults = new Set<FaultKind>(['partition']);
  const pace = { clients: 6, restMs: 20, reads: 0.5, faultEveryMs: 400, faultsMs: 15_000 };
  return { ...plan, ...pace, faults };
}

/** In some, disks that fail to keep what the log gives them fail to keep what the database gives them, too. */
function withFailingSyncs(plan: Plan, prng: Prng): Plan {
  if (!plan.faults.has('fsync-fails') || !prng.chance(0.2)) return plan;
  return { ...plan, faults: new Set<FaultKind>([...plan.faults, 'database-sync-fails']) };
}
