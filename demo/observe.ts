import { setTimeout as delay } from 'node:timers/promises';
import type { Status } from '../src/api/status.ts';
import { createClient } from '../src/client/client.ts';
import type { Cluster } from './cluster.ts';
import { LIMITS } from './limits.ts';
import type { MemberProcess } from './member-process.ts';

/** What a member said about itself; null when it is down or does not answer. */
export interface Sighting {
  readonly member: MemberProcess;
  readonly status: Status | null;
}

export async function lookAt(member: MemberProcess): Promise<Sighting> {
  if (member.state !== 'up') return { member, status: null };
  const limits = { timeoutMs: LIMITS.statusTimeoutMs, attemptsMax: 1 };
  const client = createClient(member.settings.url, limits);
  // A member may die at any moment here; that is what the demo is for.
  const status = await client.status().catch(() => null);
  return { member, status };
}

export function lookAround({ members }: Cluster): Promise<Sighting[]> {
  return Promise.all(members.map(lookAt));
}

/** The leader of the highest term: one that was cut off may still believe in an older one. */
export function leaderAmong(sightings: readonly Sighting[]): Sighting | null {
  let leader: Sighting | null = null;
  for (const sighting of sightings)
    if (sighting.status?.role === 'leader' && sighting.status.term > (leader?.status?.term ?? 0))
      leader = sighting;
  return leader;
}

/** Looks until `read` finds something. Throws, naming `what`, after LIMITS.settleMs. */
async function waitFor<T>(what: string, read: () => Promise<T | null>): Promise<T> {
  const deadline = performance.now() + LIMITS.settleMs;
  for (;;) {
    const found = await read();
    if (found !== null) return found;
    if (performance.now() > deadline)
      throw new Error(`waited ${LIMITS.settleMs} ms in vain until ${what}`);
    await delay(LIMITS.pollMs);
  }
}

export interface Leader {
  readonly member: MemberProcess;
  readonly status: Status;
}

/** A leader of a term above `term`. */
export function waitForLeader(cluster: Cluster, term = 0): Promise<Leader> {
  return waitFor(`a member leads a term after ${term}`, async () => {
    const found = leaderAmong(await lookAround(cluster));
    if (found === null || found.status === null || found.status.term <= term) return null;
    return { member: found.member, status: found.status };
  });
}

/** Until `member` has applied what is committed now. */
export async function waitForCatchUp(cluster: Cluster, member: MemberProcess): Promise<void> {
  const { status } = await waitForLeader(cluster);
  await waitForIndex(member, status.commitIndex);
}

export async function waitForIndex(member: MemberProcess, index: number): Promise<void> {
  await waitFor(`member ${member.id} has applied index ${index}`, async () => {
    const { status } = await lookAt(member);
    return status !== null && status.appliedIndex >= index ? status : null;
  });
}

/** Until all members stand at the same place with nothing under way. Only without load. */
export async function waitUntilMet(cluster: Cluster): Promise<void> {
  await waitFor('all members are at the same position', async () => {
    const sightings = await lookAround(cluster);
    const places = sightings.map(({ status }) => (status === null ? null : placeOf(status)));
    return places.every((place) => place !== null && place === places[0]) ? places : null;
  });
}

/** Where a member that has nothing left to do stands; null while it has. */
function placeOf({ term, commitIndex, appliedIndex, lastIndex }: Status): string | null {
  const idle = commitIndex === lastIndex && appliedIndex === lastIndex;
  return idle ? `${term}/${lastIndex}` : null;
}
