import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WalSync } from '../../src/member/wal-sync.ts';
import type { SyncReply } from '../../src/sqlite/checkpointer.ts';

const MIB = 2 ** 20;

function watched() {
  const asked: ((reply: SyncReply) => void)[] = [];
  const failures: string[] = [];
  const sync = new WalSync({
    checkpoints: { syncWal: (done) => void asked.push(done) },
    onFailed: (error) => failures.push(error),
  });
  return { asked, failures, sync };
}

test('a WAL is synced whenever it has grown by 2 MiB, one sync at a time', () => {
  const { asked, sync } = watched();
  sync.look(2 * MIB - 1);
  assert.equal(asked.length, 0);
  sync.look(2 * MIB);
  sync.look(5 * MIB);
  assert.equal(asked.length, 1);
  asked[0]!(null);
  sync.look(3 * MIB);
  assert.equal(asked.length, 1);
  sync.look(5 * MIB);
  assert.equal(asked.length, 2);
});

test('a WAL that was emptied is counted from its beginning', () => {
  const { asked, sync } = watched();
  sync.look(60 * MIB);
  asked[0]!(null);
  sync.look(1 * MIB);
  sync.look(1.5 * MIB);
  assert.equal(asked.length, 1);
  sync.look(2 * MIB);
  assert.equal(asked.length, 2);
});

test('a sync that failed is told', () => {
  const { asked, failures, sync } = watched();
  sync.look(2 * MIB);
  asked[0]!('/data/db/main.db-wal: EIO: i/o error, fdatasync');
  assert.deepEqual(failures, ['/data/db/main.db-wal: EIO: i/o error, fdatasync']);
});
