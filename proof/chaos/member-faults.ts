import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { MemberProcess } from '../../demo/member-process.ts';
import { lookAt, waitForCatchUp, waitForLeader } from '../../demo/observe.ts';
import { databaseOf } from '../../test/cluster/files.ts';
import {
  defaultDurabilities,
  LIMITS,
  MEMBER_OPTIONS,
  OPTION_CHOICES,
  SAME_WITH_LEASES,
} from './limits.ts';
import { type Fault, measureFailover, type Scene, until } from './scene.ts';
import { pick } from './schedule.ts';

/** A member that does not lead, by the draw. */
export async function drawFollower({ cluster, prng }: Scene): Promise<MemberProcess> {
  const { member } = await waitForLeader(cluster);
  return pick(cluster.others(member.id), prng);
}

async function stayDown({ prng }: Scene): Promise<void> {
  await delay(prng.between(0, LIMITS.downMsMax));
}

/** Starts it, and waits until it has what is committed by then. */
export async function bringBack({ cluster }: Scene, { id }: MemberProcess): Promise<void> {
  await cluster.startMember(id);
  await waitForCatchUp(cluster, cluster.member(id));
}

export const killLeader: Fault = async (scene) => {
  const { member } = await waitForLeader(scene.cluster);
  await member.kill();
  await measureFailover(scene);
  await stayDown(scene);
  await bringBack(scene, member);
  return member.id;
};

export const killFollower: Fault = async (scene) => {
  const member = await drawFollower(scene);
  await member.kill();
  await stayDown(scene);
  await bringBack(scene, member);
  return member.id;
};

export const killAll: Fault = async (scene) => {
  const { cluster } = scene;
  await cluster.kill();
  await cluster.start();
  await measureFailover(scene);
  for (const member of cluster.members) await waitForCatchUp(cluster, member);
  return 'all';
};

/** Dies while it starts, recovers, catches up or fetches a database. */
export const killAgainAndAgain: Fault = async (scene) => {
  const { cluster, prng } = scene;
  const member = pick(cluster.members, prng);
  const times = prng.between(2, LIMITS.killsMax);
  const withoutDatabase = prng.chance(0.5);
  for (let i = 0; i < times; i++) {
    await member.kill();
    if (withoutDatabase) rmSync(databaseOf(member.settings.dir), { force: true });
    // It ends before it is ready, or not.
    const started = cluster.startMember(member.id).catch(() => {});
    await delay(prng.between(0, LIMITS.killAfterStartMsMax));
    await member.kill();
    await started;
  }
  await bringBack(scene, member);
  return `${member.id}, ${times} times${withoutDatabase ? ', its database gone' : ''}`;
};

/** Longer than an election takes: it wakes up and still believes what it believed. */
function pauseMs({ prng }: Scene): number {
  const { pauseTimeoutsMin, pauseTimeoutsMax } = LIMITS;
  const { electionTimeoutMs } = MEMBER_OPTIONS;
  return prng.between(pauseTimeoutsMin * electionTimeoutMs, pauseTimeoutsMax * electionTimeoutMs);
}

export const pauseLeader: Fault = async (scene) => {
  const { cluster } = scene;
  const { member, status } = await waitForLeader(cluster);
  cluster.pause(member.id);
  const enough = delay(pauseMs(scene));
  await measureFailover(scene);
  const next = await waitForLeader(cluster, status.term);
  await enough;
  cluster.resume(member.id);
  await until(`${member.id} has noticed that it was replaced`, async () => {
    const { status: now } = await lookAt(member);
    return now !== null && now.term >= next.status.term && now.leader !== null;
  });
  await waitForCatchUp(cluster, member);
  return `${member.id} for ${next.member.id}`;
};

export const pauseFollower: Fault = async (scene) => {
  const { cluster } = scene;
  const member = await drawFollower(scene);
  cluster.pause(member.id);
  await delay(pauseMs(scene));
  cluster.resume(member.id);
  await waitForCatchUp(cluster, member);
  return member.id;
};

export const restartWithOtherOptions: Fault = async (scene) => {
  const { cluster, prng } = scene;
  const member = pick(cluster.members, prng);
  const fixed = cluster.hasLeases(member.id) ? SAME_WITH_LEASES : [];
  const drawn = Object.entries(OPTION_CHOICES)
    .filter(([name]) => !fixed.includes(name))
    .map(([name, values]) => [name, pick(values, prng)]);
  const options: Record<string, number> = Object.fromEntries(drawn);
  if (!(await member.stop())) throw new Error(`${member.id} did not stop cleanly`);
  cluster.setOptions(member.id, options);
  const { weak, strong } = defaultDurabilities(cluster.ids);
  const durability = pick([...weak, ...strong], prng);
  cluster.defaults.set(member.id, durability);
  await bringBack(scene, member);
  const told = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return `${member.id} with ${told.join(' ')} durability=${durability}`;
};
