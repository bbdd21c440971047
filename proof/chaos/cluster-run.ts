import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { waitForLeader, waitUntilMet } from '../../demo/observe.ts';
import type { Durability } from '../../src/api/durability.ts';
import { messageOf } from '../../src/base/errors.ts';
import { Prng } from '../../src/base/prng.ts';
import { createClient } from '../../src/client/client.ts';
import type { Operation } from '../history/operation.ts';
import { Workload } from '../workload/workload.ts';
import { BALLAST_SCHEMA } from './ballast.ts';
import { Clients } from './clients.ts';
import { ChaosCluster } from './cluster.ts';
import { readFates } from './fates.ts';
import { judgeFiles } from './files.ts';
import { readFinalState } from './final-state.ts';
import { ON_SMALL_DISK } from './full-disk-fault.ts';
import { machineMs } from './ipc.ts';
import { judgeHistory } from './judge.ts';
import { LIMITS, MEMBER_OPTIONS, WITH_LEASES } from './limits.ts';
import { judgeLostFiles, judgeLostReports } from './lost-files.ts';
import { type FaultCounts, harass } from './nemesis.ts';
import { type Holdings, holdingsOf, judgeHoldings, mostOf } from './resources.ts';
import { acknowledgement, type Scene } from './scene.ts';
import type { FaultKind } from './schedule.ts';
import { SmallDisk } from './small-disk.ts';
import { settle, type Told } from './told.ts';

const WARMING_READERS = 5;

/** What a test does to a run in order to see it fail. */
export interface Sabotage {
  /** When the load begins. */
  readonly load?: (cluster: ChaosCluster) => void;
  /** When the load has stopped and all members have met. */
  readonly members?: (cluster: ChaosCluster) => Promise<void>;
  /** When they have stopped. */
  readonly files?: (cluster: ChaosCluster) => void;
  readonly history?: (history: readonly Operation[]) => readonly Operation[];
}

export interface ClusterRun {
  readonly dir: string;
  readonly cli: string;
  readonly ids: readonly string[];
  /** What members ask for at first, for writes that ask for nothing. */
  readonly durability: Durability;
  /** Whether leaders serve strong reads by a lease. */
  readonly leases: boolean;
  readonly seed: number;
  readonly forMs: number;
  readonly kinds: readonly FaultKind[];
  /** Goes on until each kind was done at least once, on this cluster or an earlier one. */
  readonly completes: boolean;
  readonly counts: FaultCounts;
  readonly say: (line: string) => void;
  readonly sabotage: Sabotage;
  /** Called with what ends all processes of this run at once. */
  readonly onStart: (abort: () => Promise<void>) => void;
}

export interface ClusterResult {
  readonly history: readonly Told[];
  readonly errors: ReadonlyMap<string, number>;
  readonly failoversMs: readonly number[];
  readonly violations: readonly string[];
  /** Whether a disk could be made that fills up. */
  readonly hasSmallDisk: boolean;
  /** Databases that members fetched from others. */
  readonly fetched: number;
  readonly lost: LostCounts;
}

/** Writes that were acknowledged below a majority, and discarded by a failover. */
export interface LostCounts {
  readonly writes: number;
  /** Of them those that asked for nothing: it was the members' option. */
  readonly without_asking: number;
  /** Of them those that are in no file, since faults took all logs that had them. */
  readonly excused: number;
  /** Files of lost writes, of all members. */
  readonly files: number;
}

/** One cluster, from its first start to the comparison of its files. Nothing of it runs afterwards. */
export async function runCluster(run: ClusterRun): Promise<ClusterResult> {
  const options = run.leases ? { ...MEMBER_OPTIONS, ...WITH_LEASES } : MEMBER_OPTIONS;
  const { dir, cli, ids, durability } = run;
  const cluster = await ChaosCluster.make(dir, cli, ids, options, durability);
  const disk = SmallDisk.mount(cluster.member(ON_SMALL_DISK).settings.dir, LIMITS.smallDiskBytes);
  const prng = new Prng(run.seed);
  const workload = new Workload(prng.next());
  const clients = new Clients(cluster, workload, prng.next());
  const scene: Omit<Scene, 'prng'> = { cluster, clients, disk, failoversMs: [] };
  const abort = async () => {
    await Promise.all([clients.end(), cluster.destroy()]);
    disk?.remove();
  };
  run.onStart(abort);
  /** A set: one death is met in several places. */
  const violations = new Set<string>();
  let lost: LostCounts = { writes: 0, without_asking: 0, excused: 0, files: 0 };
  try {
    lost = await work(run, scene, workload, prng.next(), violations);
  } catch (error) {
    violations.add(messageOf(error));
  }
  addAll(violations, clients.violations);
  for (const violation of violations) run.say(`VIOLATION: ${violation}`);
  if (violations.size > 0) keep(run.dir, clients.told, disk);
  await abort();
  const { told: history, errors } = clients;
  const { failoversMs } = scene;
  const hasSmallDisk = disk !== null;
  const found = { violations: [...violations], fetched: countFetched(cluster) };
  return { history, errors, failoversMs, hasSmallDisk, lost, ...found };
}

/** What could not wait is thrown; everything else is added to `violations`. */
async function work(
  run: ClusterRun,
  scene: Omit<Scene, 'prng'>,
  workload: Workload,
  seed: number,
  violations: Set<string>,
): Promise<LostCounts> {
  const { cluster, clients } = scene;
  const fresh = await begin(run, cluster, workload);
  const died = firstDeath(cluster, violations);
  clients.start();
  run.sabotage.load?.(cluster);
  const { kinds, completes, counts, say } = run;
  const untilMs = machineMs() + run.forMs;
  await Promise.race([harass({ scene, seed, untilMs, kinds, completes, counts, say }), died]);
  say('healed; load goes on for a while');
  cluster.heal();
  await Promise.race([acknowledgement(clients, machineMs() + LIMITS.healthyMs), died]);
  await clients.stop();
  await delay(LIMITS.staleMs);
  await waitUntilMet(cluster);
  await run.sabotage.members?.(cluster);
  await waitUntilMet(cluster);
  say('asks for the outcome of every write');
  const fates = await readFates(cluster, clients.told);
  const final = await readFinalState(cluster, workload);
  addAll(violations, await judgeQuiet(cluster, fresh));
  say('compares files');
  const { member } = await waitForLeader(cluster);
  if (!(await cluster.stop(member.id))) violations.add('a member did not stop cleanly');
  run.sabotage.files?.(cluster);
  addAll(violations, await judgeFiles(cluster));
  const settled = settle(clients.told, fates, cluster.members.length);
  addAll(violations, settled.violations);
  const saved = judgeLostFiles(cluster, run.cli, settled.lost);
  addAll(violations, saved.violations);
  const history = run.sabotage.history?.(settled.history) ?? settled.history;
  say(`checks ${history.length} operations`);
  addAll(violations, judgeHistory(history, final, workload.options));
  const withoutAsking = settled.lost.filter((write) => write.durability === null).length;
  const { excused, files } = saved;
  return { writes: settled.lost.length, without_asking: withoutAsking, excused, files };
}

function addAll(violations: Set<string>, more: readonly string[]): void {
  for (const violation of more) violations.add(violation);
}

/** Told by the members' logs. */
function countFetched({ members }: ChaosCluster): number {
  const logs = members.map(({ settings }) => readFileSync(settings.logFile, 'utf8'));
  return logs.join('').split('the database was fetched').length - 1;
}

/** Starts all members, makes the tables, and measures what a member holds that has done little. */
async function begin(
  { say }: ClusterRun,
  cluster: ChaosCluster,
  workload: Workload,
): Promise<Holdings> {
  await cluster.start();
  const { member } = await waitForLeader(cluster);
  const client = createClient(member.settings.url);
  const ballast = BALLAST_SCHEMA.map((sql) => ({ sql }));
  await client.batch([...workload.schema(), ...ballast], { durability: 'all' });
  await client.close();
  await waitUntilMet(cluster);
  // Some connections are opened by the first reads, and more by several at once.
  await Promise.all(
    Array.from({ length: WARMING_READERS }, () => readFinalState(cluster, workload)),
  );
  await delay(LIMITS.quietMs);
  say(`${cluster.members.length} members run, with durability ${cluster.defaults.of('a')}`);
  return mostOf(holdings(cluster).values());
}

function holdings(cluster: ChaosCluster): Map<string, Holdings> {
  const found = cluster.members.flatMap((member) => {
    const held = holdingsOf(member);
    return held === null ? [] : [[member.id, held] as const];
  });
  return new Map(found);
}

/** With nothing under way, nothing is held that a fresh member does not hold, at the latest when garbage is collected. */
async function judgeQuiet(cluster: ChaosCluster, fresh: Holdings): Promise<string[]> {
  const deadline = machineMs() + LIMITS.collectedMs;
  for (;;) {
    await delay(LIMITS.quietMs);
    const held = [...holdings(cluster)].flatMap(([id, now]) => judgeHoldings(id, fresh, now));
    if (held.length === 0 || machineMs() > deadline)
      return [...held, ...(await judgeLostReports(cluster))];
  }
}

/** Rejects when a member dies by itself, except for the one whose disk is full. Later ones are noted, too. */
function firstDeath(cluster: ChaosCluster, violations: Set<string>): Promise<never> {
  return new Promise((_, reject) => {
    cluster.onDeath((member, killed) => {
      if (killed || cluster.mayDie(member.id)) return;
      const violation = `member ${member.id} died by itself; see ${member.settings.logFile}`;
      violations.add(violation);
      reject(new Error(violation));
    });
  });
}

function keep(dir: string, history: readonly Told[], disk: SmallDisk | null): void {
  const lines = history.map((operation) => `${JSON.stringify(operation)}\n`);
  writeFileSync(join(dir, 'history.jsonl'), lines.join(''));
  disk?.copyTo(`${disk.path}.copy`);
}
