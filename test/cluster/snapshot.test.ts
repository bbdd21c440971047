import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { stopAndCompare } from './files.ts';
import { type Cluster, converge } from './fixture.ts';
import type { Member } from './member.ts';
import { progress, startWithTable } from './steps.ts';
import { until } from './until.ts';
import { Workload } from './workload.ts';

/** A log that is forgotten soon, so that a member that was away needs more than the log. */
const SHORT_LOG = { logKeepBytes: 65_536, segmentBytesMax: 65_536, checkpointWalBytes: 262_144 };

/** Megabytes of content that does not compress into deltas. */
async function fill(member: Member, megabytes: number): Promise<void> {
  await member.execute('CREATE TABLE IF NOT EXISTS big(x BLOB)');
  for (let i = 0; i < megabytes; i++)
    await member.execute('INSERT INTO big VALUES (randomblob(1000000))');
}

async function finish(cluster: Cluster, work: Workload): Promise<void> {
  await work.stop();
  await converge(cluster.members);
  for (const member of cluster.members) await work.verify(member);
  await stopAndCompare(cluster);
}

test('a member whose directory was emptied gets everything while writes go on', async (t) => {
  const cluster = await startWithTable(t, 3, SHORT_LOG);
  const leader = await cluster.leader();
  await fill(leader, 10);
  const [follower] = cluster.others(leader);
  await follower!.close();
  rmSync(follower!.dir, { recursive: true });
  const work = new Workload();
  work.through(cluster.running, 4);
  await progress(work, 200);
  await follower!.start();
  await progress(work, 200);
  await finish(cluster, work);
});

test('a member that was away until the log was forgotten gets the file while writes go on', async (t) => {
  const cluster = await startWithTable(t, 3, SHORT_LOG);
  const leader = await cluster.leader();
  const [follower] = cluster.others(leader);
  await converge(cluster.members);
  const { lastIndex } = await follower!.status();
  await follower!.kill();
  await fill(leader, 3);
  await until('the log begins later', async () => {
    await leader.execute('UPDATE big SET x = randomblob(100000) WHERE rowid = 1');
    return (await leader.status()).firstIndex > lastIndex + 1;
  });
  const work = new Workload();
  work.through(cluster.running, 4);
  await follower!.start();
  await progress(work, 300);
  await finish(cluster, work);
});

/** A cluster with a database that takes a while to send, and an empty follower that has begun to receive it. */
async function receiving(t: Parameters<typeof startWithTable>[0]) {
  const cluster = await startWithTable(t, 3, SHORT_LOG);
  const leader = await cluster.leader();
  await fill(leader, 60);
  const [follower, other] = cluster.others(leader);
  await converge(cluster.members);
  await follower!.close();
  rmSync(follower!.dir, { recursive: true });
  const work = new Workload();
  work.through([leader, other!], 2);
  await follower!.start();
  const { receivedBytes, totalBytes } = await until('a transfer under way', async () => {
    const { snapshot } = await follower!.status();
    return snapshot !== null && snapshot.receivedBytes > 0 && snapshot;
  });
  assert.ok(
    totalBytes > 60_000_000 && receivedBytes < totalBytes,
    `${receivedBytes}/${totalBytes}`,
  );
  const sender = await until('who sends', () => senderOf(follower!)).then((id) => cluster.get(id));
  return { cluster, leader, sender, follower: follower!, work };
}

/** Who the member said sends it the database, one after the other. */
function sendersOf(member: Member): string[] {
  return member.logs.flatMap(
    ({ message }) => /^(\w+) sends the database$/.exec(message)?.[1] ?? [],
  );
}

/** The one who sends it now. */
function senderOf(member: Member): string | null {
  return sendersOf(member).at(-1) ?? null;
}

/** A member that has connected to the leader only when it first asks is sent the database by the leader; then it begins again. */
async function untilFollowerSends(follower: Member, leader: Member): Promise<string> {
  for (;;) {
    const sender = senderOf(follower);
    if (sender !== null && sender !== leader.id) return sender;
    const before = sendersOf(follower).length;
    await follower.kill();
    rmSync(follower.dir, { recursive: true });
    await follower.start();
    await until('somebody sends', () => sendersOf(follower).length > before);
  }
}

test('a transfer whose receiver is killed twice succeeds in the end', async (t) => {
  const { cluster, follower, work } = await receiving(t);
  for (let i = 0; i < 2; i++) {
    await follower.kill();
    await progress(work, 20);
    await follower.start();
  }
  await finish(cluster, work);
});

test('a follower sends it, not the leader; when that is killed in the middle the leader does', async (t) => {
  const { cluster, leader, follower, work } = await receiving(t);
  const sender = cluster.get(await untilFollowerSends(follower, leader));
  await sender.kill();
  await until('another sender', () => senderOf(follower) === leader.id);
  await sender.start();
  work.through([sender], 1);
  await progress(work, 50);
  await finish(cluster, work);
});

test('a transfer during which the leader is killed ends well', async (t) => {
  const { cluster, leader, work } = await receiving(t);
  await leader.kill();
  await leader.start();
  await cluster.leader();
  work.through(cluster.members, 1);
  await progress(work, 50);
  await finish(cluster, work);
});
