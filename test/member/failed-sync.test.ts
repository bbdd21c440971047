import assert from 'node:assert/strict';
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PacelineError } from '../../src/index.ts';
import { FailingDisk } from '../sqlite/failing-disk.ts';
import { scratch } from '../sqlite/scratch.ts';
import { Local } from './fixture.ts';

const MIB = 2 ** 20;
const ROOM_BYTES = 16 * MIB;
const INSERT = 'INSERT INTO t(v) VALUES (zeroblob(100000))';
const WRITES_MAX = 500;

/** A member alone, closed, whose database is on a disk of its own from now on. */
async function onDiskOfItsOwn(t: TestContext): Promise<{ local: Local; disk: FailingDisk }> {
  const disks: FailingDisk[] = [];
  // Before the hook that removes the directory which it is mounted in.
  t.after(() => disks.map((disk) => disk.remove()));
  const local = new Local({ after: (fn) => t.after(fn) });
  const db = await local.open();
  await db.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  await db.close();
  const directory = join(local.dir('a'), 'db');
  cpSync(directory, local.dir('kept'), { recursive: true });
  const disk = new FailingDisk(scratch('failing'), directory);
  disks.push(disk);
  cpSync(local.dir('kept'), directory, { recursive: true });
  // To SQLite a WAL of zeros is an empty one; to the file system it has its blocks.
  writeFileSync(join(directory, 'main.db-wal'), new Uint8Array(ROOM_BYTES));
  return { local, disk };
}

async function writeUntilItFails(db: Awaited<ReturnType<Local['open']>>): Promise<number> {
  for (let acknowledged = 0; acknowledged < WRITES_MAX; acknowledged++)
    try {
      await db.execute(INSERT);
    } catch (error) {
      assert.ok(error instanceof PacelineError, String(error));
      return acknowledged;
    }
  return assert.fail('the disk does not fail');
}

/** What finds out: the sync of a growing WAL, or the one that a checkpoint begins with. */
const FINDERS: Record<string, { checkpointWalBytes: number; says: string }> = {
  'the WAL grows': { checkpointWalBytes: 64 * MIB, says: 'main\\.db-wal: .*fdatasync' },
  'a checkpoint begins': { checkpointWalBytes: MIB, says: 'main\\.db: ' },
};

for (const [when, { says, ...options }] of Object.entries(FINDERS))
  test(`a disk that lost what it took of the database stops the member, found out when ${when}; its next start has all that was acknowledged`, async (t) => {
    const { local, disk } = await onDiskOfItsOwn(t);
    const db = await local.open(options);
    disk.fail('main.db-wal');
    const acknowledged = await writeUntilItFails(db);
    assert.ok(acknowledged > 0);
    await assert.rejects(db.status(), {
      code: 'IO',
      message: new RegExp(`${says}.*this member stops.*start this member again`),
    });
    await db.close();
    disk.heal();
    const again = await local.open(options);
    const { rows } = await again.query('SELECT count(*) FROM t', [], { level: 'strong' });
    assert.ok(Number(rows[0]![0]) >= acknowledged, `${rows[0]![0]} of ${acknowledged}`);
    await again.execute(INSERT);
    const checked = await again.query('PRAGMA integrity_check');
    assert.deepEqual(checked.rows, [['ok']]);
  });
