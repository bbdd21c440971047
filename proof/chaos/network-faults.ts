import { setTimeout as delay } from 'node:timers/promises';
import { waitForLeader } from '../../demo/observe.ts';
import type { Prng } from '../../src/base/prng.ts';
import { machineMs } from './ipc.ts';
import { LIMITS } from './limits.ts';
import type { Passage } from './pipe.ts';
import { acknowledgement, type Fault, type Scene } from './scene.ts';
import { pick, shuffled } from './schedule.ts';

/** From the first to the second. */
type Direction = readonly [string, string];

interface Shape {
  readonly name: string;
  readonly directions: readonly Direction[];
}

/** Does this to the directions for so long, opens them, and waits until writes are taken again. */
async function impose(
  { cluster, clients }: Scene,
  { name, directions }: Shape,
  passage: Passage,
  forMs: number,
): Promise<string> {
  for (const [from, to] of directions) cluster.network.set(from, to, passage);
  await delay(forMs);
  for (const [from, to] of directions) cluster.network.set(from, to, { kind: 'open' });
  await acknowledgement(clients, machineMs());
  return `${name}, ${passage.kind} for ${forMs} ms`;
}

function both(a: string, b: string): Direction[] {
  return [
    [a, b],
    [b, a],
  ];
}

function between(ones: readonly string[], others: readonly string[]): Direction[] {
  return ones.flatMap((one) => others.flatMap((other) => both(one, other)));
}

type Draw = (leader: string, followers: readonly string[], prng: Prng) => Shape;

function rest(followers: readonly string[], without: string): string[] {
  return followers.filter((id) => id !== without);
}

const LEADER_ALONE: Draw = (leader, followers) => ({
  name: `leader ${leader} alone`,
  directions: between([leader], followers),
});

const CUTS: readonly Draw[] = [
  LEADER_ALONE,
  (leader, followers, prng) => {
    const alone = pick(followers, prng);
    const others = [leader, ...rest(followers, alone)];
    return { name: `follower ${alone} alone`, directions: between([alone], others) };
  },
  (leader, followers, prng) => {
    const minority = Math.floor(followers.length / 2);
    const [side, other] = split([leader, ...shuffled(followers, prng)], minority);
    return { name: `${side} | ${other}`, directions: between(side, other) };
  },
  (leader, followers, prng) => {
    const other = pick(followers, prng);
    return {
      name: `leader ${leader} and ${other}, a third sees both`,
      directions: both(leader, other),
    };
  },
];

function split(ids: readonly string[], at: number): [string[], string[]] {
  return [ids.slice(0, at), ids.slice(at)];
}

export const cut: Fault = (scene) => cutAs(scene, CUTS);

/** What it acknowledges below a majority until it notices is discarded. */
export const cutOffLeader: Fault = (scene) => cutAs(scene, [LEADER_ALONE]);

async function cutAs(scene: Scene, draws: readonly Draw[]): Promise<string> {
  const shape = await drawShape(scene, draws);
  const kind = pick(['held', 'closed'] as const, scene.prng);
  return impose(scene, shape, { kind }, scene.prng.between(LIMITS.cutMsMin, LIMITS.cutMsMax));
}

const ONE_WAY_CUTS: readonly Draw[] = [
  (leader, followers) => ({
    name: `leader ${leader} is not heard`,
    directions: followers.map((id) => [leader, id]),
  }),
  (leader, followers) => ({
    name: `leader ${leader} hears nobody`,
    directions: followers.map((id) => [id, leader]),
  }),
  (leader, followers, prng) => {
    const deaf = pick(followers, prng);
    const others = [leader, ...rest(followers, deaf)];
    return { name: `follower ${deaf} hears nobody`, directions: others.map((id) => [id, deaf]) };
  },
  (leader, followers, prng) => {
    const mute = pick(followers, prng);
    const others = [leader, ...rest(followers, mute)];
    return { name: `follower ${mute} is not heard`, directions: others.map((id) => [mute, id]) };
  },
];

export const oneWayCut: Fault = async (scene) => {
  const shape = await drawShape(scene, ONE_WAY_CUTS);
  const forMs = scene.prng.between(LIMITS.cutMsMin, LIMITS.cutMsMax);
  return impose(scene, shape, { kind: 'held' }, forMs);
};

const SLOW: readonly Draw[] = [
  (leader, followers) => ({
    name: `leader ${leader} and all others`,
    directions: between([leader], followers),
  }),
  (leader, followers, prng) => {
    const one = pick(followers, prng);
    return { name: `${leader} and ${one}`, directions: both(leader, one) };
  },
];

export const slowLink: Fault = async (scene) => {
  const { prng } = scene;
  const shape = await drawShape(scene, SLOW);
  const delayMs = prng.between(1, LIMITS.slowDelayMsMax);
  const done = await impose(scene, shape, { kind: 'slow', delayMs }, LIMITS.slowMs);
  return `${done}, ${delayMs} ms each way`;
};

async function drawShape({ cluster, prng }: Scene, draws: readonly Draw[]): Promise<Shape> {
  const { member } = await waitForLeader(cluster);
  const followers = rest(cluster.ids, member.id);
  return pick(draws, prng)(member.id, followers, prng);
}
