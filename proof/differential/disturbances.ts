import { rmSync } from 'node:fs';
import type { Prng } from '../../src/base/prng.ts';
import type { Member } from '../../test/cluster/member.ts';
import type { TestedCluster } from './cluster.ts';
import type { Outcome } from './outcome.ts';
import type { Step } from './step.ts';

/** What happens to the members while a step is on its way, or between two steps. */
export interface Disturbance {
  readonly name: string;
  /** Runs the step, disturbed, and leaves all members running. */
  readonly run: (cluster: TestedCluster, step: Step) => Promise<Outcome>;
}

async function startAgain(member: Member): Promise<void> {
  if (!member.running) await member.start();
}

function around(before: (cluster: TestedCluster) => Promise<void>): Disturbance['run'] {
  return async (cluster, step) => {
    await before(cluster);
    const outcome = await cluster.run(step);
    await Promise.all(cluster.members.map(startAgain));
    return outcome;
  };
}

async function followerOf(cluster: TestedCluster): Promise<Member> {
  const leader = await cluster.leader;
  return cluster.running.find((member) => member !== leader)!;
}

export const DISTURBANCES: readonly Disturbance[] = [
  {
    name: 'the leader is killed under the step',
    run: async (cluster, step) => {
      const outcome = await cluster.runWhile(step, (leader) => leader.kill());
      await Promise.all(cluster.members.map(startAgain));
      return outcome;
    },
  },
  {
    name: 'the leader is closed under the step',
    run: async (cluster, step) => {
      const outcome = await cluster.runWhile(step, (leader) => leader.close());
      await Promise.all(cluster.members.map(startAgain));
      return outcome;
    },
  },
  {
    name: 'the leader was killed before',
    run: around(async (cluster) => (await cluster.leader).kill()),
  },
  {
    name: 'the leader was closed before',
    run: around(async (cluster) => (await cluster.leader).close()),
  },
  {
    name: 'a follower was killed before',
    run: around(async (cluster) => (await followerOf(cluster)).kill()),
  },
  {
    name: 'all were killed before',
    run: around(async (cluster) => {
      await Promise.all(cluster.members.map((member) => member.kill()));
      await Promise.all(cluster.members.map(startAgain));
    }),
  },
  {
    name: 'a follower lost its directory',
    run: around(async (cluster) => {
      const follower = await followerOf(cluster);
      await follower.close();
      rmSync(follower.dir, { recursive: true });
      await follower.start();
    }),
  },
];

/** Which step gets which: all kinds in turn, spread over the run. */
export function planDisturbances(
  prng: Prng,
  steps: number,
  count: number,
): Map<number, Disturbance> {
  const plan = new Map<number, Disturbance>();
  const first = prng.between(0, DISTURBANCES.length - 1);
  for (let i = 0; i < count; i++) {
    const [from, to] = [Math.floor((steps * i) / count), Math.floor((steps * (i + 1)) / count) - 1];
    plan.set(
      prng.between(from, Math.max(from, to)),
      DISTURBANCES[(first + i) % DISTURBANCES.length]!,
    );
  }
  return plan;
}
