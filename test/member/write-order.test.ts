import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Position, WriteOptions } from '../../src/api/request.ts';
import { systemClock } from '../../src/member/clock.ts';
import { resolveOptions } from '../../src/member/options.ts';
import type { AppToLoop, AppToSql } from '../../src/member/protocol.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { WritePath } from '../../src/member/write-path.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

const RESULT = { columns: [], rows: [], changes: 1, lastInsertRowid: 1 };
const NOT_LEADER = { code: 'NOT_LEADER', message: '' } as const;

/** A handle's writes, with what they say to the other threads. */
class Writes {
  readonly shared = new SharedState();
  readonly toSql: AppToSql[] = [];
  readonly toLoop: AppToLoop[] = [];
  readonly path: WritePath;

  constructor() {
    const port = <T>(to: T[]) => ({
      post: (message: T) => void to.push(message),
      flush: () => {},
      listen: () => {},
      close: () => {},
    });
    this.path = new WritePath({
      options: resolveOptions({ dir: 'unused', id: 'a' }),
      sql: port(this.toSql),
      loop: port(this.toLoop),
      shared: this.shared,
      clock: systemClock,
      idPrefix: 'w',
    });
  }

  /** What became of those that were asked, by their keys. */
  readonly outcomes: string[] = [];

  /** Asks for one; returns when it has been sent where it goes. */
  async ask(options: WriteOptions = {}): Promise<void> {
    const key = this.outcomes.push('asked');
    const ends = (outcome: string) => {
      this.outcomes[key - 1] = outcome;
    };
    this.path.write([{ sql: 'SELECT 1' }], options).then(
      ({ reached }) => ends(`reached ${reached.members}`),
      ({ code }) => ends(code),
    );
    await Promise.resolve();
  }

  /** The SQL thread has executed it. */
  executed(key: number, position: Position): void {
    this.path.answered({ key, position, results: [RESULT] });
  }

  /** What the loop is to tell: key, and low bits of the term. */
  reaches(): [key: number, term: number][] {
    return this.toLoop.flatMap((m) => (m.type === 'reach' ? [[m.key, m.term]] : []));
  }

  /** Keys of what went to the SQL thread, each with the term that it is meant for. */
  direct(): [key: unknown, term: number][] {
    return this.toSql
      .flatMap((m) => (m.type === 'writes' ? [[m.flat[0], m.term] as const] : []))
      .map(([key, term]) => [key, term]);
  }

  forwarded(): number[] {
    return this.toLoop.flatMap((m) => (m.type === 'forward' ? m.keys : []));
  }
}

test('after leadership was lost and won again nothing goes before a write that the earlier leadership may refuse', async () => {
  const writes = new Writes();
  writes.shared.setAccepting(1);
  await writes.ask();
  // Both while this thread was busy: it has heard of nothing.
  writes.shared.setAccepting(null);
  writes.shared.setAccepting(3);
  await writes.ask();
  await writes.ask();
  assert.deepEqual(writes.direct(), [[1, 1]]);
  writes.path.answered({ key: 1, error: NOT_LEADER });
  await Promise.resolve();
  assert.deepEqual(writes.forwarded(), [1, 2, 3]);
  await writes.ask();
  assert.deepEqual(writes.forwarded(), [1, 2, 3, 4]);
  assert.deepEqual(writes.direct(), [[1, 1]]);
  writes.path.failAll(new Error('the end') as never);
});

/** All promises that can be settled have been. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('writes with a durability and writes without are one order: all go to the SQL thread, or all wait behind the one before', async () => {
  const writes = new Writes();
  writes.shared.setAccepting(1);
  await writes.ask();
  await writes.ask({ durability: 'local' });
  await writes.ask();
  assert.deepEqual(writes.direct().map(String), ['1,1', '2,1', '3,1']);
  writes.shared.setAccepting(null);
  await writes.ask({ durability: 'all' });
  await writes.ask();
  assert.deepEqual(writes.forwarded(), []);
  for (const key of [1, 2, 3]) writes.path.answered({ key, error: NOT_LEADER });
  await settled();
  assert.deepEqual(writes.forwarded(), [1, 2, 3, 4, 5]);
  writes.shared.setAccepting(3);
  await writes.ask();
  assert.deepEqual(writes.forwarded(), [1, 2, 3, 4, 5, 6]);
  writes.path.failAll(new Error('the end') as never);
});

test('a question about an outcome has no place in the order, and holds nothing up', async () => {
  const writes = new Writes();
  writes.path.outcome('x', {}).catch(() => {});
  await Promise.resolve();
  assert.deepEqual(writes.forwarded(), [1]);
  writes.shared.setAccepting(1);
  await writes.ask();
  assert.deepEqual(writes.direct(), [[2, 1]]);
  writes.path.failAll(new Error('the end') as never);
});

test('a write with a durability that was executed is answered when the loop says that it is reached, not when it is committed', async () => {
  const writes = new Writes();
  writes.shared.setAccepting(7);
  await writes.ask({ durability: 'all' });
  await writes.ask({ durability: 'local' });
  writes.executed(1, { term: 7, index: 10 });
  writes.executed(2, { term: 7, index: 11 });
  assert.deepEqual(writes.reaches().map(String), ['1,7', '2,7']);
  writes.path.reached(2, { committed: false, members: ['a'] });
  writes.path.committed(11);
  await settled();
  assert.deepEqual(writes.outcomes, ['asked', 'reached a']);
  writes.path.reached(1, { committed: true, members: ['a', 'b'] });
  await settled();
  assert.deepEqual(writes.outcomes, ['reached a,b', 'reached a']);
});

test('of what was executed under a durability in a leadership that is over the new leader is asked, whatever became of it', async () => {
  for (const through of [20, 5, null]) {
    for (const late of [false, true]) {
      const writes = new Writes();
      writes.shared.setAccepting(7);
      await writes.ask({ durability: 'all' });
      const executed = () => writes.executed(1, { term: 7, index: 10 });
      if (!late) executed();
      writes.shared.setAccepting(null);
      writes.path.settled({ term: 7, through });
      if (late) executed();
      await settled();
      assert.deepEqual(writes.forwarded(), [1], `${through} ${late}`);
      // Too late: the gate that says so has lost its leadership.
      writes.path.reached(1, { committed: true, members: [] });
      writes.path.forwarded({
        type: 'forwarded-error',
        key: 1,
        error: { code: 'NO_LEADER', message: '' },
      });
      await settled();
      // Only of what was discarded it is known that nothing was done.
      const known = through === 5;
      assert.deepEqual(writes.outcomes, [known ? 'NO_LEADER' : 'OUTCOME_UNKNOWN']);
    }
  }
});

test('the SQL thread refuses what was sent for an earlier leadership than the one it has', async (t) => {
  const thread = await new SqlThreadFixture(t).begin();
  await thread.lead(1);
  thread.order({ type: 'step-down', gently: false });
  await thread.fromSql('stepped-down');
  await thread.lead(2);
  thread.term = 1;
  const [late] = thread.write('INSERT INTO t VALUES (1)');
  thread.term = 2;
  const [now] = thread.write('INSERT INTO t VALUES (2)');
  const [first, second] = await thread.answers([late!, now!]);
  assert.equal(first, 'NOT_LEADER');
  assert.notEqual(second, 'NOT_LEADER');
});
