import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PacelineError } from '../../src/index.ts';
import { stopAndCompare } from './files.ts';
import { type Cluster, converge, makeCluster } from './fixture.ts';
import type { Member } from './member.ts';
import { until } from './until.ts';
import { CREATE } from './workload.ts';

const SMALL = { segmentBytesMax: 262_144, checkpointWalBytes: 1_048_576, logKeepBytes: 262_144 };
const DISK_BYTES = 12 * 2 ** 20;

/** A part of a member's directory that is a small file system of its own. */
class SmallDisk {
  readonly #path: string;

  /** The member must be down. */
  constructor(cluster: Cluster, member: Member, part: 'log' | 'db') {
    this.#path = join(member.dir, part);
    const aside = `${this.#path}.aside`;
    renameSync(this.#path, aside);
    mkdirSync(this.#path);
    mount(this.#path);
    cluster.beforeRemoval(() => execFileSync('umount', ['-l', this.#path]));
    cpSync(aside, this.#path, { recursive: true });
    rmSync(aside, { recursive: true });
  }

  /** Takes all space but so much. */
  leave(bytes: number): void {
    const { bavail, bsize } = statfsSync(this.#path);
    assert.ok(bavail * bsize > bytes, 'there is space to take');
    writeFileSync(join(this.#path, 'filler'), new Uint8Array(bavail * bsize - bytes));
  }

  free(): void {
    rmSync(join(this.#path, 'filler'));
  }
}

function mount(path: string): void {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'none', path], {
      stdio: 'pipe',
    });
  } catch (error) {
    assert.fail(`this test needs the right to mount a tmpfs (run it as root, on Linux): ${error}`);
  }
}

/** A started cluster whose first member, which is down again, has the table. */
async function prepare(
  t: TestContext,
  count: number,
): Promise<{ cluster: Cluster; member: Member }> {
  const cluster = await makeCluster(t, count, SMALL);
  await cluster.start();
  const leader = await cluster.leader();
  await leader.execute(CREATE);
  await converge(cluster.members);
  const member = count === 1 ? leader : cluster.others(leader)[0]!;
  await member.close();
  return { cluster, member };
}

/** Writes until `enough` says so; returns the keys that were acknowledged, and the codes of what was refused. */
async function write(
  to: Member,
  prefix: string,
  enough: (codes: readonly string[], done: number) => boolean | Promise<boolean>,
) {
  const acknowledged: string[] = [];
  const codes: string[] = [];
  for (let i = 0; i < 5_000 && !(await enough(codes, acknowledged.length)); i++) {
    const key = `${prefix}${i}`;
    try {
      await to.execute('INSERT INTO w(key, pad) VALUES (?, hex(randomblob(4000)))', [key], {
        timeoutMs: 3_000,
      });
      acknowledged.push(key);
    } catch (error) {
      codes.push(error instanceof PacelineError ? error.code : String(error));
    }
  }
  return { acknowledged, codes };
}

/** That the disk is full was said: to the writer, or in the log. */
function saidSo(member: Member, codes: readonly string[]): boolean {
  return (
    codes.includes('DISK_FULL') ||
    member.logs.some(({ message }) => /no room|disk.*full|full.*disk|ENOSPC/i.test(message))
  );
}

async function expectAll(member: Member, acknowledged: readonly string[]): Promise<void> {
  const { rows } = await member.query('SELECT key, count(*) FROM w GROUP BY key');
  const counts = new Map(rows.map(([key, count]) => [key, count]));
  assert.deepEqual(
    acknowledged.filter((key) => counts.get(key) !== 1),
    [],
  );
  assert.deepEqual((await member.query('PRAGMA integrity_check')).rows, [['ok']]);
}

const PARTS = { log: 'the log', db: 'the database' } as const;

for (const part of ['log', 'db'] as const) {
  // The log meets the end at its next segment; the database at a commit, or, with more left than its WAL takes, at a checkpoint.
  for (const left of part === 'log' ? [100_000] : [100_000, 1_400_000]) {
    test(`a member alone with ${left} bytes left for ${PARTS[part]} says that the disk is full, and has everything after space was made`, async (t) => {
      const { cluster, member } = await prepare(t, 1);
      const disk = new SmallDisk(cluster, member, part);
      await member.start();
      await cluster.leader();
      disk.leave(left);
      const { acknowledged, codes } = await write(member, 'full', (refused) => refused.length >= 3);
      assert.ok(codes.length >= 3, `it never ran out of space (${acknowledged.length} writes)`);
      assert.ok(saidSo(member, codes), `${codes}: ${member.logs.map((l) => l.message)}`);
      disk.free();
      await member.kill();
      await member.start();
      await cluster.leader();
      const more = await write(member, 'after', (_, done) => done >= 20);
      assert.deepEqual(more.codes, []);
      await expectAll(member, [...acknowledged, ...more.acknowledged]);
    });
  }

  test(`a follower without space for ${PARTS[part]} says so, the others go on, and it catches up when there is space`, async (t) => {
    const { cluster, member } = await prepare(t, 3);
    const disk = new SmallDisk(cluster, member, part);
    await member.start();
    await converge(cluster.members);
    disk.leave(300_000);
    const leader = await cluster.leader();
    const { acknowledged, codes } = await write(
      leader,
      'full',
      async (_, done) => done >= 50 && saidSo(member, []),
    );
    assert.deepEqual(codes, [], 'writers feel nothing of it');
    await until('it said so', () => saidSo(member, []));
    disk.free();
    await member.kill();
    await member.start();
    await converge(cluster.members);
    for (const each of cluster.members) await expectAll(each, acknowledged);
  });
}

test('a member that is closed while its disk is full keeps the WAL beside the database, says so, and has everything at the next start', async (t) => {
  const { cluster, member } = await prepare(t, 1);
  const disk = new SmallDisk(cluster, member, 'db');
  await member.start();
  await cluster.leader();
  disk.leave(100_000);
  const { acknowledged } = await write(member, 'full', (refused) => refused.length >= 3);
  await member.close();
  assert.deepEqual(
    member.logs.filter(({ level }) => level === 'error'),
    [],
  );
  assert.ok(member.logs.some(({ message }) => /WAL stays beside .*disk is full/.test(message)));
  disk.free();
  await member.start();
  await cluster.leader();
  await expectAll(member, acknowledged);
});

/** What a follower meets first, and with how much left. A checkpoint needs as much again as the WAL has. */
const MOMENTS = {
  'while it applies': { left: 300_000, says: /main\.db-wal/ },
  'during a checkpoint': { left: 1_400_000, says: /a checkpoint failed .*disk is full/ },
} as const;

for (const [moment, { left, says }] of Object.entries(MOMENTS))
  test(`a follower whose disk is full ${moment} says what to do, the others go on, and it goes on by itself when there is room`, async (t) => {
    const { cluster, member } = await prepare(t, 3);
    const disk = new SmallDisk(cluster, member, 'db');
    await member.start();
    await converge(cluster.members);
    disk.leave(left);
    const leader = await cluster.leader();
    const said = () => member.logs.some(({ message }) => says.test(message));
    const { acknowledged, codes } = await write(
      leader,
      'full',
      async (_, done) => done >= 50 && said() && (await member.status()).problem !== null,
    );
    assert.deepEqual(codes, [], 'writers feel nothing of it');
    const problem = await until('its status tells', async () => (await member.status()).problem);
    assert.equal(problem.code, 'DISK_FULL');
    assert.match(problem.message, /free some space/);
    const { rows } = await member.query('SELECT count(*) FROM w', [], { level: 'eventual' });
    assert.ok(Number(rows[0]![0]) < acknowledged.length, 'it can be read, and is behind');
    disk.free();
    await converge(cluster.members);
    assert.equal((await member.status()).problem, null);
    for (const each of cluster.members) await expectAll(each, acknowledged);
    await stopAndCompare(cluster);
  });

/** Makes `member` the leader by starting whoever else leads again. */
async function letLead(cluster: Cluster, member: Member): Promise<void> {
  for (let i = 0; (await cluster.leader()) !== member; i++) {
    assert.ok(i < 20, 'the member leads after some time');
    const leader = await cluster.leader();
    await leader.close();
    await cluster.leader();
    await leader.start();
    await converge(cluster.members);
  }
}

test('a leader that runs out of space for the database hands over, and loses nothing that was acknowledged', async (t) => {
  const { cluster, member } = await prepare(t, 3);
  const disk = new SmallDisk(cluster, member, 'db');
  await member.start();
  await converge(cluster.members);
  const [first, second] = cluster.others(member);
  await letLead(cluster, member);
  disk.leave(300_000);
  const full = await write(
    first!,
    'full',
    async () => saidSo(member, []) && (await member.status()).role !== 'leader',
  );
  assert.ok(saidSo(member, []), `${full.codes}: ${member.logs.map((l) => l.message)}`);
  const next = await cluster.leader([first!, second!]);
  const after = await write(next, 'after', (_, done) => done >= 20);
  assert.deepEqual(after.codes, []);
  const acknowledged = [...full.acknowledged, ...after.acknowledged];
  disk.free();
  await member.kill();
  await member.start();
  await converge(cluster.members);
  for (const each of [member, first!, second!]) await expectAll(each, acknowledged);
});

test('a leader that runs out of space for the log says so, another one leads, and it comes back when there is space', async (t) => {
  const { cluster, member } = await prepare(t, 3);
  const disk = new SmallDisk(cluster, member, 'log');
  await member.start();
  await converge(cluster.members);
  const others = cluster.others(member);
  await letLead(cluster, member);
  disk.leave(300_000);
  const full = await write(others[0]!, 'full', () => saidSo(member, []));
  assert.ok(full.acknowledged.length > 0, 'some writes were in time');
  assert.ok(saidSo(member, []), `${full.codes}: ${member.logs.map((l) => l.message)}`);
  const next = await cluster.leader(others);
  assert.notEqual(next, member);
  const after = await write(next, 'after', (_, done) => done >= 20);
  assert.deepEqual(after.codes, []);
  disk.free();
  await member.kill();
  await member.start();
  await converge(cluster.members);
  const acknowledged = [...full.acknowledged, ...after.acknowledged];
  for (const each of cluster.members) await expectAll(each, acknowledged);
});
