import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/member/clock.ts';
import { resolveOptions } from '../../src/member/options.ts';
import type { AppToLoop, AppToSql } from '../../src/member/protocol.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { WritePath } from '../../src/member/write-path.ts';
import { SqlThreadFixture } from './sql-thread-fixture.ts';

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

  /** Asks for one; returns when it has been sent where it goes. */
  async ask(): Promise<void> {
    this.path.write([{ sql: 'SELECT 1' }], {}).catch(() => {});
    await Promise.resolve();
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
