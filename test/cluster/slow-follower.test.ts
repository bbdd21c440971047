import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { stopAndCompare } from './files.ts';
import { converge, startCluster } from './fixture.ts';
import type { Member } from './member.ts';
import { until } from './until.ts';

const MIB = 2 ** 20;
/** So much is written while everybody takes it, and all buffers get the size that they have under load. */
const WARM_UP_MIB = 48;
/** So much is written while a follower takes nothing: if all of it were kept for him, it would show. */
const WRITTEN_MIB = 192;

async function write(leader: Member, mib: number): Promise<void> {
  for (let i = 0; i < mib; i++)
    await leader.execute('INSERT INTO big VALUES (randomblob(?))', [MIB], { timeoutMs: 60_000 });
}

/** The most memory that the process has had resident. */
function peakMib({ pid }: Member): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
}

/** As `docs/limits.md` has it; one append, here an entry, may pass it. */
const INFLIGHT_BYTES_MAX = 16 * MIB + 2 * MIB;
/** What may wait for a connection: two of the largest frames, as the defaults make them. */
const QUEUED_BYTES_MAX = 2 * (64 + 2) * MIB;

/**
 * Waits until the leader has sent `slow` as much as it will, which its status tells: all else stays in its log. One that
 * has been silent for ten seconds is given up on, which a slow machine may get to first.
 */
async function windowFull(leader: Member, slow: Member): Promise<void> {
  await until('the window to the slow one is full', async () => {
    const { members } = await leader.status();
    const { replication, inflightEntries, inflightBytes, queuedBytes, lagEntries } = members.find(
      ({ id }) => id === slow.id,
    )!;
    assert.ok(inflightBytes! <= INFLIGHT_BYTES_MAX, `${inflightBytes} bytes in flight`);
    assert.ok(queuedBytes <= QUEUED_BYTES_MAX, `${queuedBytes} bytes queued`);
    assert.ok(inflightEntries! <= lagEntries!);
    return replication === 'probe' || inflightBytes! >= 16 * MIB;
  });
}

test('a follower that stands still costs the leader no memory, however much is written, and catches up', {
  skip: process.platform !== 'linux' && 'the memory of a process is read from /proc',
}, async (t) => {
  const cluster = await startCluster(t, 3);
  const leader = await cluster.leader();
  await leader.execute('CREATE TABLE big(v)');
  await write(leader, WARM_UP_MIB);
  await converge(cluster.members);
  const before = peakMib(leader);
  const [slow] = cluster.others(leader);
  slow!.pause();
  await write(leader, WRITTEN_MIB / 2);
  await windowFull(leader, slow!);
  await write(leader, WRITTEN_MIB / 2);
  await windowFull(leader, slow!);
  const grown = peakMib(leader) - before;
  assert.ok(grown < WRITTEN_MIB / 2, `${grown} MiB more for ${WRITTEN_MIB} MiB written`);
  slow!.resume();
  await converge(cluster.members);
  await stopAndCompare(cluster);
});
