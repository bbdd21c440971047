import { setTimeout as delay } from 'node:timers/promises';
import { lookAt, waitForCatchUp } from '../../demo/observe.ts';
import type { Database } from '../../src/api/database.ts';
import { createClient } from '../../src/client/client.ts';
import { addBallast, dropBallast } from './ballast.ts';
import { LIMITS } from './limits.ts';
import { type Fault, type Scene, until } from './scene.ts';
import type { SmallDisk } from './small-disk.ts';

/** The member whose directory is on the small disk. */
export const ON_SMALL_DISK = 'a';

/**
 * Leaves one member without space under load, makes space after a while, and restarts the member if
 * that does not help. The others must go on.
 */
export const fullDisk: Fault = async (scene) => {
  const { cluster, disk } = scene;
  if (disk === null) throw new Error('there is no small disk');
  const member = cluster.member(ON_SMALL_DISK);
  const urls = cluster.others(member.id).map(({ settings }) => settings.url);
  const client = createClient(urls, { timeoutMs: LIMITS.operationTimeoutMs });
  cluster.setMayDie(member.id, true);
  disk.leave(LIMITS.fullDiskLeftBytes);
  await fill(client, disk);
  await delay(LIMITS.fullDiskMs);
  disk.free();
  const restarted = await recovers(scene).then((alone) => !alone);
  if (restarted) {
    await member.kill();
    await cluster.startMember(member.id);
  }
  cluster.setMayDie(member.id, false);
  await until('the ballast is gone', () => dropBallast(client));
  await client.close();
  await waitForCatchUp(cluster, member);
  return `${member.id}, ${restarted ? 'which was restarted' : 'which went on by itself'}`;
};

/**
 * Writes until the disk is full, or the member has met many times what was left: one that cannot make a file of the size that it
 * needs may give back what it had of it, and stop. Errors are expected: the member may lead.
 */
async function fill(client: Database, disk: SmallDisk): Promise<void> {
  let rows = 0;
  const full = () => disk.freeBytes < LIMITS.ballastRowBytes || rows >= LIMITS.fillRowsMax;
  await until('the disk is full', async () => {
    if (full()) return true;
    rows++;
    await addBallast(client, LIMITS.ballastRowBytes);
    return full();
  });
  for (let i = 0; i < LIMITS.ballastRowsMore; i++) await addBallast(client, LIMITS.ballastRowBytes);
}

/** Whether the member goes on without help once there is space: it runs, and what is committed reaches it. */
async function recovers({ cluster }: Scene): Promise<boolean> {
  const member = cluster.member(ON_SMALL_DISK);
  const [other] = cluster.others(member.id);
  const goal = (await lookAt(other!)).status?.commitIndex ?? 0;
  const deadline = performance.now() + LIMITS.recoverMs;
  while (performance.now() < deadline && member.state === 'up') {
    const { status } = await lookAt(member);
    if (status !== null && status.appliedIndex >= goal) return true;
    await delay(LIMITS.pollMs);
  }
  return false;
}
