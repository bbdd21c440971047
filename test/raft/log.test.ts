import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Entry } from '../../src/raft/entry.ts';
import { RaftLog } from '../../src/raft/log.ts';
import { membership } from './member-fixture.ts';
import { MemoryLog } from './memory-log.ts';
import { entry } from './one-raft.ts';

function stored(...entries: Entry[]): { store: MemoryLog; log: RaftLog } {
  const store = new MemoryLog(membership('a'));
  store.write({ truncateFrom: null, entries, hardState: null });
  store.flush();
  return { store, log: new RaftLog(store) };
}

/** As the shell does with a Ready. */
function handOver(log: RaftLog, store: MemoryLog): void {
  store.write({ ...log.take(), hardState: null });
}

test('the tail that the store has not got yet continues the stored log', () => {
  const { log } = stored(entry(1, 1), entry(1, 2));
  log.append([entry(2, 3), entry(2, 4)]);
  assert.equal(log.lastIndex, 4);
  assert.deepEqual(log.last, { term: 2, index: 4 });
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5].map((i) => log.term(i)),
    [0, 1, 1, 2, 2, undefined],
  );
  assert.deepEqual(
    log.entries(1, 4, 1000).map(({ index }) => index),
    [1, 2, 3, 4],
  );
});

test('entries are cut at the byte limit across stored log and tail, but never to none', () => {
  const { log } = stored(entry(1, 1, 10), entry(1, 2, 10));
  log.append([entry(2, 3, 10), entry(2, 4, 10)]);
  const count = (from: number, bytes: number) => log.entries(from, 4, bytes).length;
  assert.equal(count(1, 1), 1);
  assert.equal(count(1, 20), 2);
  assert.equal(count(1, 29), 2);
  assert.equal(count(1, 30), 3);
  assert.equal(count(1, 1000), 4);
  assert.equal(count(3, 1), 1);
  assert.equal(count(3, 20), 2);
});

test('what is taken is what the store still lacks, once', () => {
  const { store, log } = stored(entry(1, 1));
  log.append([entry(1, 2)]);
  assert.ok(log.hasChange);
  const change = log.take();
  assert.equal(change.truncateFrom, null);
  assert.deepEqual(change.entries, [entry(1, 2)]);
  store.write({ ...change, hardState: null });
  assert.ok(!log.hasChange);
  assert.deepEqual(log.take().entries, []);
});

test('truncating stored entries hides them at once and tells the store', () => {
  const { store, log } = stored(entry(1, 1), entry(1, 2), entry(1, 3));
  log.truncate(2);
  assert.equal(log.lastIndex, 1);
  assert.equal(log.term(2), undefined);
  log.append([entry(2, 2)]);
  const change = log.take();
  assert.equal(change.truncateFrom, 2);
  assert.deepEqual(change.entries, [entry(2, 2)]);
  store.write({ ...change, hardState: null });
  assert.equal(log.term(2), 2);
});

test('truncating only the tail concerns nobody else', () => {
  const { log } = stored(entry(1, 1));
  log.append([entry(1, 2), entry(1, 3)]);
  log.truncate(3);
  log.append([entry(2, 3)]);
  assert.deepEqual(log.take(), { truncateFrom: null, entries: [entry(1, 2), entry(2, 3)] });
});

test('an entry that was replaced since is not durable, whatever the disk says', () => {
  const { store, log } = stored(entry(1, 1));
  log.append([entry(1, 2)]);
  handOver(log, store);
  log.truncate(2);
  log.append([entry(2, 2)]);
  handOver(log, store);
  log.markDurable({ term: 1, index: 2 });
  assert.equal(log.durable, 1);
  log.markDurable({ term: 2, index: 2 });
  assert.equal(log.durable, 2);
});

test('truncating takes durability back', () => {
  const { log } = stored(entry(1, 1), entry(1, 2));
  assert.equal(log.durable, 2);
  log.truncate(2);
  assert.equal(log.durable, 1);
});

test('gaps and terms that go back are programmer errors', () => {
  const { log } = stored(entry(2, 1));
  assert.throws(() => log.append([entry(2, 3)]), { name: 'AssertionError' });
  assert.throws(() => log.append([entry(1, 2)]), { name: 'AssertionError' });
});

test('a log is up to date by the term of its last entry first, then by its length', () => {
  const { log } = stored(entry(1, 1), entry(2, 2));
  assert.ok(log.isUpToDate({ term: 2, index: 2 }));
  assert.ok(log.isUpToDate({ term: 2, index: 3 }));
  assert.ok(log.isUpToDate({ term: 3, index: 1 }));
  assert.ok(!log.isUpToDate({ term: 2, index: 1 }));
  assert.ok(!log.isUpToDate({ term: 1, index: 9 }));
});

test('the search by term skips whole terms and stops below the base', () => {
  const { store, log } = stored(entry(1, 1), entry(3, 2), entry(3, 3), entry(5, 4));
  assert.equal(log.lastWithTermUpTo(9, 5), 4);
  assert.equal(log.lastWithTermUpTo(9, 4), 3);
  assert.equal(log.lastWithTermUpTo(3, 2), 1);
  assert.equal(log.lastWithTermUpTo(3, 0), 0);
  store.compact(2, membership('a'));
  assert.equal(log.lastWithTermUpTo(9, 1), 1);
});

test('after a snapshot the log begins anew behind it', () => {
  const { store, log } = stored(entry(1, 1));
  log.append([entry(1, 2)]);
  handOver(log, store);
  store.reset({ term: 4, index: 9 }, membership('a'));
  log.reset();
  assert.equal(log.lastIndex, 9);
  assert.equal(log.durable, 9);
  assert.deepEqual(log.last, { term: 4, index: 9 });
  assert.ok(!log.hasChange);
});

test('whatever is appended, truncated and handed over, view and tail make one log', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('truncate' as const), count: fc.integer({ min: 1, max: 4 }) }),
    fc.record({ kind: fc.constant('hand over' as const), count: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const { store, log } = stored();
      const model: Entry[] = [];
      let term = 1;
      for (const { kind, count } of steps) {
        if (kind === 'hand over') handOver(log, store);
        else if (kind === 'append') {
          const fresh = Array.from({ length: count }, (_, i) => entry(term, model.length + 1 + i));
          log.append(fresh);
          model.push(...fresh);
        } else if (model.length >= count) {
          term += 1;
          model.length -= count;
          log.truncate(model.length + 1);
        }
        assert.equal(log.lastIndex, model.length);
        if (model.length > 0) assert.deepEqual(log.entries(1, model.length, 1e6), model);
      }
      handOver(log, store);
      if (model.length > 0) assert.deepEqual(store.entries(1, model.length, 1e6), model);
    }),
  );
});
