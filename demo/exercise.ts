import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import { compareMembers } from './compare.ts';
import type { Dataset } from './dataset.ts';
import { EXERCISE, EXERCISE_LOAD, LIMITS } from './limits.ts';
import { Load } from './load.ts';
import { type Leader, waitForCatchUp, waitForLeader, waitUntilMet } from './observe.ts';
import {
  clientOf,
  countRows,
  noFindings,
  verifyImport,
  verifyWrites,
  type WriterClaim,
} from './verify.ts';

/** The last line of `--exercise`. */
export interface Report {
  /** Writes that were acknowledged, those of the import included; each is one transaction. */
  readonly acknowledged: number;
  readonly lost: number;
  readonly duplicated: number;
  /**
   * For each kill: from the SIGKILL to the first acknowledgement of a write that was issued after
   * it.
   */
  readonly failovers_ms: readonly number[];
  readonly identical: boolean;
  /** In all tables, on each member. */
  readonly rows: number;
}

export interface Exercise {
  readonly cluster: Cluster;
  readonly dataset: Dataset;
  /** Writes that the import was acknowledged. */
  readonly imported: number;
  readonly kills: number;
  readonly say: (line: string) => void;
  /** Called when the load has stopped: a test can do damage here, which must then be found. */
  readonly beforeVerification: (cluster: Cluster) => Promise<void>;
}

export function passed({ lost, duplicated, identical }: Report): boolean {
  return lost === 0 && duplicated === 0 && identical;
}

/**
 * Kills the leader again and again under load, then checks what is left. The cluster is stopped
 * afterwards.
 */
export async function runExercise(exercise: Exercise): Promise<Report> {
  const { cluster, dataset, say } = exercise;
  const load = new Load(cluster, dataset.cities.length, EXERCISE_LOAD);
  const failovers_ms = await Promise.race([killLeaders(exercise, load), failureOf(load, cluster)]);
  say(`stopped the load: ${load.acknowledged} writes acknowledged, ${load.repeated} sent again`);
  await waitUntilMet(cluster);
  await exercise.beforeVerification(cluster);
  await waitUntilMet(cluster);
  const { lost, duplicated, rows } = await verifyMembers(exercise, claimsOf(load));
  const { member } = await waitForLeader(cluster);
  if (!(await cluster.stop(member.id))) throw new Error(`a member did not stop cleanly`);
  const { identical, lines } = await compareMembers(cluster.members);
  for (const line of lines) say(line);
  const acknowledged = exercise.imported + load.acknowledged;
  return { acknowledged, lost, duplicated, failovers_ms, identical, rows };
}

/**
 * Starts the load; rejects when it meets an error that no retry helps, or when a member dies by
 * itself.
 */
function failureOf(load: Load, cluster: Cluster): Promise<never> {
  return new Promise((_, reject) => {
    load.start(reject);
    cluster.onDeath((member, killed) => {
      if (killed) return;
      reject(new Error(`member ${member.id} died by itself; see ${member.settings.logFile}`));
    });
  });
}

async function killLeaders({ cluster, kills, say }: Exercise, load: Load): Promise<number[]> {
  const failovers: number[] = [];
  for (let kill = 1; kill <= kills; kill++) {
    await delay(EXERCISE.beforeKillMs);
    const before = await waitForLeader(cluster);
    const failoverMs = await killLeader(before, load);
    failovers.push(failoverMs);
    const after = await waitForLeader(cluster, before.status.term);
    const { term } = after.status;
    say(`kill ${kill}: ${before.member.id} → ${after.member.id}, term ${term}, ${failoverMs} ms`);
    await delay(EXERCISE.afterTakeoverMs);
    await bringBack(before, cluster, load, say);
  }
  await load.stop();
  return failovers;
}

/** In ms, to a tenth. */
async function killLeader({ member }: Leader, load: Load): Promise<number> {
  const killedMs = performance.now();
  const acknowledged = load.nextAckIssuedSince(killedMs);
  await member.kill();
  const late = delay(LIMITS.settleMs, null, { ref: false });
  const ack = await Promise.race([acknowledged, late]);
  if (ack === null)
    throw new Error(`no write was acknowledged for ${LIMITS.settleMs} ms after ${member.id} died`);
  return Math.round((ack.atMs - killedMs) * 10) / 10;
}

async function bringBack(
  { member }: Leader,
  cluster: Cluster,
  load: Load,
  say: (line: string) => void,
): Promise<void> {
  const startMs = performance.now();
  await member.start();
  load.memberReturned(member.id);
  await waitForCatchUp(cluster, member);
  say(`${member.id} is back and has caught up after ${Math.round(performance.now() - startMs)} ms`);
}

function claimsOf(load: Load): WriterClaim[] {
  return load.writers.map(({ name, acknowledged }) => ({ name, verified: 0, acknowledged }));
}

/** Looks at every member for every acknowledged write; one that any member lacks is lost. */
async function verifyMembers(
  { cluster, dataset, say }: Exercise,
  claims: readonly WriterClaim[],
): Promise<{ lost: number; duplicated: number; rows: number }> {
  const findings = noFindings();
  const counts: number[] = [];
  for (const member of cluster.members) {
    const client = clientOf(member);
    await verifyImport(client, dataset, findings);
    await verifyWrites(client, claims, dataset.cities.length, findings);
    const rows = await countRows(client);
    counts.push(rows);
    say(`verified ${member.id}: ${rows} rows`);
  }
  const { lost, duplicated } = findings;
  for (const id of lost) say(`LOST: ${id}`);
  for (const id of duplicated) say(`DUPLICATED: ${id}`);
  return { lost: lost.size, duplicated: duplicated.size, rows: Math.min(...counts) };
}
