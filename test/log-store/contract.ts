import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LogStore } from '../../src/log-store/log-store.ts';
import { baseAt, change, contents, entriesFrom, entry, MEMBERS, written } from './fixtures.ts';

/** A store under test, with the power over time that a test needs. */
export interface Subject {
  readonly log: LogStore;
  /** Resolves when all that was handed over is durable and its `done` was called. */
  settle(): Promise<void>;
  /** Closes, and opens what is on disk. */
  reopen(): Promise<Subject>;
}

export type MakeSubject = (t: import('node:test').TestContext) => Promise<Subject>;

/** What every LogStore does. */
export function contract(name: string, make: MakeSubject): void {
  test(`${name}: a new log starts at its base with its membership`, async (t) => {
    const { log } = await make(t);
    assert.deepEqual(log.base, { index: 0, term: 0 });
    assert.deepEqual(log.baseMembership, MEMBERS);
    assert.equal(log.lastIndex, 0);
    assert.equal(log.durableIndex, 0);
    assert.equal(log.term(0), 0);
    assert.equal(log.term(1), undefined);
  });

  test(`${name}: reads see a write at once, durability comes later and in order`, async (t) => {
    const subject = await make(t);
    const { log } = subject;
    const order: string[] = [];
    log.write(change({ entries: entriesFrom(1, 3, 1) }), () =>
      order.push(`one ${log.durableIndex}`),
    );
    log.write(change({ entries: entriesFrom(4, 1, 2) }), () => order.push('two'));
    order.push('handed over');
    assert.equal(log.lastIndex, 4);
    assert.equal(log.durableIndex, 0);
    assert.deepEqual(log.entries(1, 4, 1000).length, 4);
    assert.equal(log.term(3), 1);
    assert.equal(log.term(4), 2);
    await subject.settle();
    assert.deepEqual(order, ['handed over', 'one 4', 'two']);
    assert.equal(log.durableIndex, 4);
  });

  test(`${name}: entries stop before the byte limit but there is always one`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 5, 1, 100) }), () => {});
    await subject.settle();
    for (const log of [subject.log, (await subject.reopen()).log]) {
      assert.equal(log.entries(1, 5, 1).length, 1);
      assert.equal(log.entries(1, 5, 299).length, 2);
      assert.equal(log.entries(2, 5, 300).length, 3);
      assert.equal(log.entries(2, 3, 1e6).length, 2);
    }
  });

  test(`${name}: everything durable is there after reopening`, async (t) => {
    const subject = await make(t);
    const data = { ...entry(2, 5, 300), membership: MEMBERS.slice(0, 1) };
    const hardState = { term: 5, vote: 'a', commit: 1 };
    subject.log.write(change({ entries: [entry(1, 3, 0), data], hardState }), () => {});
    await subject.settle();
    const { log } = await subject.reopen();
    assert.deepEqual(log.entries(1, 2, 1e6), [entry(1, 3, 0), data]);
    assert.deepEqual(log.hardState, hardState);
    assert.equal(log.durableIndex, 2);
  });

  test(`${name}: a truncation and the entries after it replace the end of the log`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 60, 1, 100) }), () => {});
    await subject.settle();
    const replacement = entriesFrom(21, 3, 2, 50);
    subject.log.write(change({ truncateFrom: 21, entries: replacement }), () => {});
    assert.equal(subject.log.durableIndex, 20);
    assert.equal(subject.log.lastIndex, 23);
    assert.deepEqual(subject.log.entries(20, 23, 1e6), [entry(20, 1, 100), ...replacement]);
    await subject.settle();
    const { log } = await subject.reopen();
    assert.equal(log.lastIndex, 23);
    assert.equal(log.term(20), 1);
    assert.equal(log.term(21), 2);
    assert.deepEqual(log.entries(20, 23, 1e6), [entry(20, 1, 100), ...replacement]);
  });

  test(`${name}: truncations that overtake writes still pending leave the right log`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 10, 1) }), () => {});
    subject.log.write(change({ truncateFrom: 5, entries: entriesFrom(5, 2, 2) }), () => {});
    subject.log.write(change({ truncateFrom: 3 }), () => {});
    subject.log.write(change({ entries: entriesFrom(3, 1, 4) }), () => {});
    const expected = [...entriesFrom(1, 2, 1), entry(3, 4)];
    assert.deepEqual(subject.log.entries(1, 3, 1e6), expected);
    await subject.settle();
    assert.equal(subject.log.durableIndex, 3);
    assert.deepEqual(contents((await subject.reopen()).log).entries, expected);
  });

  test(`${name}: compaction moves the base at once and keeps what follows`, async (t) => {
    const subject = await make(t);
    const { log } = subject;
    for (let i = 0; i < 10; i++) {
      log.write(change({ entries: entriesFrom(i * 10 + 1, 10, 1, 100) }), () => {});
      await subject.settle();
    }
    const before = log.sizeBytes;
    log.compact(baseAt(70, 1, 'checksum'));
    assert.deepEqual(log.base, { index: 70, term: 1 });
    assert.equal(log.term(70), 1);
    assert.equal(log.term(69), undefined);
    assert.throws(() => log.entries(70, 80, 1000), /not after base/);
    const after = await subject.reopen();
    assert.deepEqual(contents(after.log), {
      ...contents(log),
      base: baseAt(70, 1, 'checksum'),
      entries: entriesFrom(71, 30, 1, 100),
    });
    assert.ok(after.log.sizeBytes < before, `${after.log.sizeBytes} of ${before} bytes`);
  });

  test(`${name}: a base that is not ahead is ignored`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 9, 1) }), () => {});
    subject.log.compact(baseAt(5, 1, 'five'));
    subject.log.compact(baseAt(4, 1, 'four'));
    await subject.settle();
    assert.deepEqual(contents((await subject.reopen()).log).base, baseAt(5, 1, 'five'));
  });

  test(`${name}: the whole log can be compacted and goes on from there`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 40, 3, 100) }), () => {});
    subject.log.compact(baseAt(40, 3));
    await subject.settle();
    const again = await subject.reopen();
    assert.equal(again.log.lastIndex, 40);
    again.log.write(change({ entries: entriesFrom(41, 2, 4) }), () => {});
    await again.settle();
    const last = await again.reopen();
    assert.deepEqual(contents(last.log).entries, entriesFrom(41, 2, 4));
  });

  test(`${name}: a reset leaves an empty log after the new base, with the hard state`, async (t) => {
    const subject = await make(t);
    const { log } = subject;
    const hardState = { term: 2, vote: 'b', commit: 7 };
    log.write(change({ entries: entriesFrom(1, 60, 2, 100), hardState }), () => {});
    let done = false;
    log.reset(baseAt(500, 9, 'x'), () => {
      done = true;
    });
    log.write(change({ entries: entriesFrom(501, 2, 9) }), () => {});
    assert.equal(log.lastIndex, 502);
    assert.equal(log.term(500), 9);
    assert.equal(log.term(60), undefined);
    assert.equal(done, false);
    await subject.settle();
    assert.equal(done, true);
    assert.equal(log.durableIndex, 502);
    const expected = { base: baseAt(500, 9, 'x'), hardState, entries: entriesFrom(501, 2, 9) };
    assert.deepEqual(contents(log), expected);
    assert.deepEqual(contents((await subject.reopen()).log), expected);
  });

  test(`${name}: a reset to an index inside the old log forgets the old entries`, async (t) => {
    const subject = await make(t);
    subject.log.write(change({ entries: entriesFrom(1, 60, 1, 100) }), () => {});
    await subject.settle();
    subject.log.reset(baseAt(30, 2), () => {});
    subject.log.write(change({ entries: entriesFrom(31, 5, 2) }), () => {});
    subject.log.compact(baseAt(32, 2));
    await subject.settle();
    const { log } = await subject.reopen();
    assert.deepEqual(contents(log).base, baseAt(32, 2));
    assert.deepEqual(contents(log).entries, entriesFrom(33, 3, 2));
  });

  test(`${name}: a write that breaks the rules of Raft is refused as a bug`, async (t) => {
    const subject = await make(t);
    const { log } = subject;
    const hardState = { term: 3, vote: 'a', commit: 0 };
    log.write(change({ entries: entriesFrom(1, 3, 3), hardState }), () => {});
    log.compact(baseAt(2, 3));
    const refused = (parts: Parameters<typeof change>[0], why: RegExp): void => {
      assert.throws(() => log.write(change(parts), () => {}), why);
    };
    refused({ entries: entriesFrom(5, 1, 3) }, /entry 5 where 4 is due/);
    refused({ entries: entriesFrom(4, 1, 2) }, /term 2 after 3/);
    refused({ truncateFrom: 2 }, /truncation at or below the base/);
    refused({ truncateFrom: 5 }, /truncation past the end/);
    refused({ hardState: { ...hardState, term: 2 } }, /term falls/);
    refused({ hardState: { ...hardState, vote: 'b' } }, /second vote/);
    assert.throws(() => log.compact(baseAt(9, 3)), /past the end/);
    assert.throws(() => log.entries(3, 9, 10), /entries 3..9/);
    await subject.settle();
    assert.equal(log.lastIndex, 3);
  });

  test(`${name}: after close a write is refused with CLOSED`, async (t) => {
    const subject = await make(t);
    await subject.settle();
    await subject.log.close();
    assert.throws(() => subject.log.write(change({}), () => {}), { code: 'CLOSED' });
    await assert.rejects(() => written(subject.log, {}), { code: 'CLOSED' });
  });
}
