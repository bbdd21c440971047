import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { LoopLog } from '../../src/member/loop-log.ts';
import { LostWrites } from '../../src/member/lost-writes.ts';
import type { LoopToSql } from '../../src/member/protocol.ts';
import type { Entry } from '../../src/raft/entry.ts';
import type { Message } from '../../src/raft/message.ts';
import { encodeEntryData } from '../../src/sqlite/entry-data.ts';

const NONE = { hi: 0, lo: 0 };
const RECORD = {
  ...{ pageSize: 4096, databasePages: 1, pages: [] },
  ...{ checksumBefore: NONE, checksumAfter: NONE },
};

function entry(term: number, index: number): Entry {
  return { term, index, membership: null, data: encodeEntryData(RECORD, true) };
}

/** A member whose log has entries 1 and 2 of term 4. */
function member() {
  const base = { id: { term: 3, index: 0 }, membership: [], extra: new Uint8Array(0) };
  const log = new MemoryLog(
    { base, hardState: { term: 4, vote: null, commit: 0 }, onFailure: assert.fail },
    [entry(4, 1), entry(4, 2)],
  );
  const posted: LoopToSql[] = [];
  const loopLog = new LoopLog({
    post: () => {},
    flush: () => {},
    listen: () => {},
    close: () => {},
  });
  const post = (message: LoopToSql) => posted.push(message);
  return { posted, lost: new LostWrites({ log, post, loopLog, bytesMax: 1_000_000 }) };
}

function append(term: number): Message {
  const previous = { term: 3, index: 0 };
  const entries = [entry(term, 1)];
  return { type: 'append-request', from: 'b', to: 'a', term, previous, commit: 0, entries };
}

test('a message that would discard what may have been acknowledged is held back until that is saved', () => {
  const { lost, posted } = member();
  assert.equal(lost.holdsBack(append(5), 4), true);
  const [order] = posted;
  assert.ok(order?.type === 'save-lost');
  assert.deepEqual(order.common, { term: 3, index: 0 });
  assert.equal(lost.holdsBack(append(5), 5), true);
  assert.equal(posted.length, 1);
  lost.done({ type: 'lost-saved', file: 'f', entries: 2, error: null });
  assert.equal(lost.holdsBack(append(5), 5), false);
});

test('a leader that was replaced and does not know it yet makes nothing count as discarded', () => {
  const { lost, posted } = member();
  assert.equal(lost.holdsBack(append(3), 4), false);
  assert.deepEqual(posted, []);
});
