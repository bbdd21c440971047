import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { Checkpointer } from '../../src/sqlite/checkpointer.ts';
import { closeConnections, openConnections } from '../../src/sqlite/connections.ts';
import { seedPage } from '../../src/sqlite/seed.ts';
import { INSERT } from './cycle.ts';
import { FailingDisk } from './failing-disk.ts';
import { EngineFixture } from './fixture.ts';
import { checksumOfPages } from './scan.ts';
import { scratch } from './scratch.ts';

const PAGE_SIZE = 1024;
const ROOM_BYTES = 8 * 2 ** 20;

/** A leader whose database is on a disk that can be made to fail. */
function onFailingDisk(t: TestContext): { disk: FailingDisk; fixture: EngineFixture } {
  const base = scratch('failing');
  const disk = new FailingDisk(base, join(base, 'disk'));
  t.after(() => disk.remove());
  const [path, page] = [join(disk.path, 'main.db'), seedPage(PAGE_SIZE)];
  writeFileSync(path, page);
  // The blocks are the file's already: what is lost is its content, and not what the file system notes of it.
  writeFileSync(`${path}-wal`, new Uint8Array(ROOM_BYTES));
  const fixture = new EngineFixture({
    existing: { path, checksum: checksumOfPages(page, PAGE_SIZE) },
  });
  fixture.lead();
  fixture.run('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  return { disk, fixture };
}

/** Null if what is there is no sound database with that table. */
function rowsIn(directory: string): unknown {
  const db = new DatabaseSync(join(directory, 'main.db'));
  try {
    const [checked] = db.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
    assert.equal(checked?.integrity_check, 'ok');
    return (db.prepare('SELECT count(*) AS n FROM t').get() as { n: number }).n;
  } finally {
    db.close();
  }
}

test('what the disk lost of a WAL is on it again after the next start, and a sync in between proves nothing', (t) => {
  const { disk, fixture } = onFailingDisk(t);
  for (let n = 0; n < 100; n++) fixture.run(INSERT);
  const checkpointer = new Checkpointer(fixture.connections.files, 0);
  assert.equal(checkpointer.syncWal(), null);
  disk.fail('main.db-wal');
  for (let n = 0; n < 900; n++) fixture.run(INSERT);
  assert.match(String(checkpointer.syncWal()), /main\.db-wal: (ENOSPC|EIO)/);
  disk.heal();
  assert.equal(checkpointer.syncWal(), null, 'Linux says it once');
  assert.ok(Number(rowsIn(disk.afterPowerLoss())) < 1000, 'it is lost all the same');
  fixture.engine.unlock();
  const again = openConnections(fixture.path);
  assert.equal(rowsIn(disk.afterPowerLoss()), 1000);
  closeConnections(again);
  checkpointer.close();
  fixture.close();
});
