import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { DatabaseTracker } from '../../src/member/database-tracker.ts';
import type { LoopToSql } from '../../src/member/protocol.ts';
import { type Entry, INITIAL_HARD_STATE, ORIGIN } from '../../src/raft/entry.ts';
import { DatabaseChecksum } from '../../src/redo/checksum.ts';
import { encodeEntryData } from '../../src/sqlite/entry-data.ts';

const NONE = { hi: 0, lo: 0 };
const RECORD = {
  ...{ pageSize: 4096, databasePages: 1, pages: [] },
  ...{ checksumBefore: NONE, checksumAfter: NONE },
};

function entry(term: number, index: number): Entry {
  return { term, index, membership: null, data: encodeEntryData(RECORD) };
}

function tracked(entries: readonly Entry[] = []) {
  const base = { id: ORIGIN, membership: [], extra: new DatabaseChecksum().toBytes() };
  const onFailure = (error: Error) => assert.fail(error);
  const log = new MemoryLog({ base, hardState: INITIAL_HARD_STATE, onFailure }, entries);
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

test('what the log discards while a database begins is undone, and nothing is taken for committed before', () => {
  const { tracker, log, posted, suspicions } = tracked([entry(4, 1), entry(4, 2)]);
  const position = { term: 4, index: 2 };
  tracker.opened({ type: 'opened', position, inWal: [], pageSize: 4096 });
  log.write({ truncateFrom: 2, entries: [entry(5, 2)], hardState: null }, () => {});
  log.complete();
  tracker.truncated(2);
  assert.deepEqual(suspicions, [true]);
  assert.ok(tracker.begun(position));
  tracker.pump(2);
  assert.deepEqual(posted.at(-1), { type: 'roll-back', to: { term: 4, index: 1 } });
  assert.deepEqual(suspicions, [true]);
  tracker.fromSql({ type: 'rolled-back', position: { term: 4, index: 1 } });
  tracker.pump(2);
  assert.equal(posted.at(-1)?.type, 'apply');
  assert.deepEqual(suspicions, [true, false]);
});
