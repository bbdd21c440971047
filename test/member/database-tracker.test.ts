import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { DatabaseTracker } from '../../src/member/database-tracker.ts';
import type { LoopToSql } from '../../src/member/protocol.ts';
import { INITIAL_HARD_STATE, ORIGIN } from '../../src/raft/entry.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';

function tracked() {
  const base = { id: ORIGIN, membership: [], extra: new DatabaseChecksum().toBytes() };
  const onFailure = (error: Error) => assert.fail(error);
  const log = new MemoryLog({ base, hardState: INITIAL_HARD_STATE, onFailure });
  const posted: LoopToSql[] = [];
  const suspicions: boolean[] = [];
  const tracker = new DatabaseTracker({
    log,
    post: (message) => posted.push(message),
    onUnfit: (why) => assert.fail(why),
    onSuspect: (suspect) => suspicions.push(suspect),
  });
  return { tracker, log, posted, suspicions };
}

test('the answer of a database that was given up meanwhile does not count', () => {
  const { tracker, posted } = tracked();
  tracker.opened({ type: 'opened', position: ORIGIN, inWal: [], pageSize: 4096 });
  assert.deepEqual(
    posted.map((message) => message.type),
    ['begin'],
  );
  tracker.closed();
  assert.equal(tracker.begun(ORIGIN), false);
  assert.equal(tracker.open, false);
  tracker.installed({ term: 3, index: 185 });
  assert.equal(tracker.open, true);
  tracker.fromSql({ type: 'rolled-back', position: ORIGIN });
  assert.deepEqual(tracker.position, { term: 3, index: 185 });
});
