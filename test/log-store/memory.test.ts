import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PacelineError } from '../../src/base/errors.ts';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { contract, type Subject } from './contract.ts';
import { CREATION, change, contents, entriesFrom } from './fixtures.ts';

const LOUD = {
  onFailure: (error: Error): void => {
    throw error;
  },
};

function subject(log: MemoryLog): Subject {
  return {
    log,
    settle: async () => log.complete(),
    reopen: async () => {
      log.complete();
      return subject(log.crash({ writes: 0, tornEntries: null }, LOUD));
    },
  };
}

contract('memory', async () => subject(new MemoryLog({ ...CREATION, ...LOUD })));

test('memory: a crash loses what was not completed', () => {
  const log = new MemoryLog({ ...CREATION, ...LOUD });
  log.write(change({ entries: entriesFrom(1, 2, 1) }), () => {});
  log.complete();
  log.write(change({ entries: entriesFrom(3, 2, 1) }), () => assert.fail('was not durable'));
  const after = log.crash({ writes: 0, tornEntries: null }, LOUD);
  assert.deepEqual(contents(after).entries, entriesFrom(1, 2, 1));
  assert.throws(() => log.write(change({}), () => {}), { code: 'CLOSED' });
});

test('memory: a crash may keep whole writes and a torn one', () => {
  const log = new MemoryLog({ ...CREATION, ...LOUD });
  const hardState = { term: 2, vote: 'a', commit: 9 };
  log.write(change({ entries: entriesFrom(1, 4, 1) }), () => {});
  log.write(change({ truncateFrom: 3, entries: entriesFrom(3, 9, 2), hardState }), () => {});
  const after = log.crash({ writes: 1, tornEntries: 2 }, LOUD);
  assert.deepEqual(contents(after).entries, [...entriesFrom(1, 2, 1), ...entriesFrom(3, 2, 2)]);
  assert.deepEqual(after.hardState, { term: 2, vote: 'a', commit: 4 });
});

test('memory: after a failure nothing is done any more and writes throw it', () => {
  const failures: PacelineError[] = [];
  let pending = 0;
  const log = new MemoryLog({
    ...CREATION,
    onFailure: (error) => failures.push(error),
    onPending: () => pending++,
  });
  log.write(change({ entries: entriesFrom(1, 1, 1) }), () => assert.fail('done after failure'));
  assert.equal(pending, 1);
  log.fail(new PacelineError('IO', 'gone'));
  log.fail(new PacelineError('IO', 'gone again'));
  assert.equal(failures.length, 1);
  assert.equal(log.pendingCount, 0);
  assert.throws(() => log.write(change({}), () => {}), /gone$/);
});
