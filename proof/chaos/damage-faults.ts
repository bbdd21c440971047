import { closeSync, copyFileSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { MemberProcess } from '../../demo/member-process.ts';
import { lookAt, waitForCatchUp, waitForLeader } from '../../demo/observe.ts';
import type { Prng } from '../../src/base/prng.ts';
import { SEGMENT_HEADER_BYTES } from '../../src/log-store/segment-header.ts';
import { RUINS, scribble, segmentsOf, writtenEnd } from '../../test/cluster/damage.ts';
import { databaseOf } from '../../test/cluster/files.ts';
import { putLostFilesAside } from './lost-files.ts';
import { type Fault, type Scene, until } from './scene.ts';
import { pick } from './schedule.ts';

/** Ends a member, by the draw cleanly or by SIGKILL. */
async function takeDown({ cluster, prng }: Scene): Promise<MemberProcess> {
  const member = pick(cluster.members, prng);
  if (prng.chance(0.5)) await member.kill();
  else if (!(await member.stop())) throw new Error(`${member.id} did not stop cleanly`);
  return member;
}

/**
 * Until every other member has on disk what `down` may have acknowledged: only then may it forget
 * some of that. Entries come from leaders, so what it had was in the leader's log by now.
 */
async function waitUntilSafeWithout({ cluster }: Scene, down: MemberProcess): Promise<void> {
  const { status: leader } = await waitForLeader(cluster);
  for (const member of cluster.others(down.id)) {
    await until(`${member.id} has all that ${down.id} acknowledged`, async () => {
      const { status } = await lookAt(member);
      const { term, lastIndex } = leader;
      return status !== null && status.term >= term && status.commitIndex >= lastIndex;
    });
  }
}

/** Longer than a record's header, so that garbage is taken for one. */
const GARBAGE_BYTES = 300;
/** Less than the smallest record: nothing but the last one is hit. */
const LAST_RECORD_BYTES = 8;

const NOTHING_LOST = 'garbage behind the end';

/** What a crash can leave at the end of a log, as `scan.ts` says. */
const TAILS: Readonly<Record<string, (segment: string, end: number, prng: Prng) => void>> = {
  [NOTHING_LOST]: (segment, end, prng) => {
    write(
      segment,
      end,
      Uint8Array.from({ length: GARBAGE_BYTES }, () => prng.between(1, 255)),
    );
  },
  'other bytes in the last record': (segment, end) => {
    scribble(segment, end - LAST_RECORD_BYTES, LAST_RECORD_BYTES);
  },
  'zeros in the last record': (segment, end) => {
    write(segment, end - LAST_RECORD_BYTES, new Uint8Array(LAST_RECORD_BYTES));
  },
};

function write(path: string, offset: number, bytes: Uint8Array): void {
  const fd = openSync(path, 'r+');
  writeSync(fd, bytes, 0, bytes.length, offset);
  closeSync(fd);
}

/** The last segment that anything was written to, and where that ends. */
function endOfLog(dir: string): { segment: string; end: number } {
  const used = segmentsOf(dir).filter((path) => writtenEnd(path) > SEGMENT_HEADER_BYTES);
  const segment = used.at(-1);
  if (segment === undefined) throw new Error(`nothing was written to the log in ${dir}`);
  return { segment, end: writtenEnd(segment) };
}

export const damageLogTail: Fault = async (scene) => {
  const member = await takeDown(scene);
  await waitUntilSafeWithout(scene, member);
  const how = pick(Object.keys(TAILS), scene.prng);
  const { segment, end } = endOfLog(member.settings.dir);
  TAILS[how]!(segment, end, scene.prng);
  if (how !== NOTHING_LOST) scene.cluster.noteDestroyed(member.id);
  await scene.cluster.startMember(member.id);
  await waitForCatchUp(scene.cluster, member);
  return `${member.id}: ${how} (${segment}, byte ${end})`;
};

/**
 * What an operator does with a member that lost everything: it comes back as if it were new. The files of
 * lost writes are put aside first: they are for people.
 */
export const emptyDirectory: Fault = async (scene) => {
  const member = await takeDown(scene);
  await waitUntilSafeWithout(scene, member);
  const { dir } = member.settings;
  putLostFilesAside(scene.cluster, member.id);
  for (const name of readdirSync(dir)) rmSync(join(dir, name), { recursive: true });
  scene.cluster.noteDestroyed(member.id);
  await scene.cluster.startMember(member.id);
  await waitForCatchUp(scene.cluster, member);
  return member.id;
};

/**
 * All but one: bytes that go bad in the middle of a page are noticed when the page next changes, or by
 * `paceline verify` (docs/limits.md). Until then the member answers with them, and differs.
 */
const NOTICED = Object.keys(RUINS).filter((how) => how !== 'has other bytes in its pages');

export const damageDatabase: Fault = async (scene) => {
  const member = await takeDown(scene);
  const how = pick(NOTICED, scene.prng);
  const path = databaseOf(member.settings.dir);
  // Without its WAL the file is as old as its last checkpoint.
  const older = join(scene.cluster.dir, `${member.id}.older`);
  copyFileSync(path, older);
  RUINS[how]!(path, older);
  await scene.cluster.startMember(member.id);
  await waitForCatchUp(scene.cluster, member);
  return `${member.id}: the file ${how}`;
};
