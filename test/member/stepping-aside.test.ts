import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DatabaseHealth } from '../../src/member/database-health.ts';
import { LoopLog } from '../../src/member/loop-log.ts';
import type { LoopToApp } from '../../src/member/protocol.ts';
import { SteppingAside } from '../../src/member/stepping-aside.ts';
import { CONFIG, One, only } from '../raft/one-raft.ts';

const DELAY_MS = 300;
const FULL = { code: 'DISK_FULL', message: 'no room left' } as const;

/** Member `a`, which leads `b` and `c`; the test plays its database, its connections and its clock. */
class Leading extends One {
  readonly connected = new Set(['b', 'c']);
  /** Whether what it executed is not in the log yet. */
  settling = false;
  /** How often it was told to execute no more. */
  stops = 0;
  nowMs = 1000;
  readonly said: LoopToApp[] = [];
  readonly #health: DatabaseHealth;
  readonly #aside: SteppingAside;

  constructor() {
    super();
    const post = (message: LoopToApp) => void this.said.push(message);
    const loopLog = new LoopLog({ post, flush() {}, listen() {}, close() {} });
    const clock = { now: () => this.nowMs, later: () => assert.fail('no timers') };
    this.#health = new DatabaseHealth(clock, loopLog);
    const leading = this;
    this.#aside = new SteppingAside({
      ...{ self: 'a', raft: this.raft, health: this.#health, loopLog, delayMs: DELAY_MS },
      network: { isConnected: (id) => this.connected.has(id) },
      tracker: {
        stopLeading: () => void this.stops++,
        get settling() {
          return leading.settling;
        },
      },
    });
    this.lead();
  }

  hindered(error: typeof FULL | null): void {
    this.#health.fromSql({ type: 'hindered', error });
  }

  after(ms: number): void {
    this.nowMs += ms;
    this.#aside.tick(this.nowMs);
  }

  /** Who is told now to take over. */
  heirs(): string[] {
    if (!this.raft.hasReady()) return [];
    return only(this.take().messages, 'timeout-now').map(({ to }) => to);
  }

  warnings(): string[] {
    return this.said.flatMap((m) =>
      m.type === 'log' && /asked to lead/.test(m.message) ? [m.message] : [],
    );
  }
}

test('a leader that cannot work hands over to who has most of the log, after the time that a silent one is borne', () => {
  const leader = new Leading();
  leader.after(10 * DELAY_MS);
  leader.hindered(FULL);
  leader.after(DELAY_MS - 1);
  assert.deepEqual([leader.stops, leader.heirs()], [0, []]);
  leader.after(1);
  assert.ok(leader.stops > 0);
  assert.deepEqual(leader.heirs(), ['b']);
  assert.deepEqual(leader.warnings(), ['another member is asked to lead: DISK_FULL here']);
});

test('it bears what is over before that', () => {
  const leader = new Leading();
  leader.hindered(FULL);
  leader.after(DELAY_MS - 1);
  leader.hindered(null);
  leader.hindered(FULL);
  leader.after(DELAY_MS - 1);
  assert.equal(leader.stops, 0);
});

test('first it executes no more, and hands over when what it executed is in the log', () => {
  const leader = new Leading();
  leader.settling = true;
  leader.hindered(FULL);
  leader.after(DELAY_MS);
  assert.ok(leader.stops > 0);
  assert.ok(leader.raft.canPropose());
  leader.settling = false;
  // There is no way back, also if the problem is over.
  leader.hindered(null);
  leader.after(10);
  assert.deepEqual(leader.heirs(), ['b']);
});

test('whom it asked in vain is not asked next: another one is', () => {
  const leader = new Leading();
  leader.hindered(FULL);
  leader.after(DELAY_MS);
  assert.deepEqual(leader.heirs(), ['b']);
  // It is heard by a majority meanwhile, or would not lead any more.
  for (let i = 0; i < CONFIG.electionTicks; i++) {
    leader.acknowledge('c', leader.raft.lastIndex);
    leader.ticks(1);
  }
  leader.heirs();
  leader.after(10);
  assert.deepEqual(leader.heirs(), ['c']);
  assert.equal(leader.warnings().length, 1);
});

test('where nobody else is connected it goes on as it can', () => {
  const leader = new Leading();
  leader.connected.clear();
  leader.hindered(FULL);
  leader.after(100 * DELAY_MS);
  assert.deepEqual([leader.stops, leader.heirs()], [0, []]);
  leader.connected.add('c');
  leader.acknowledge('c', leader.raft.lastIndex);
  leader.after(1);
  assert.deepEqual(leader.heirs(), ['c']);
});

test('elected again with the same problem it does not step aside again at once, for the others may have it, too', () => {
  const leader = new Leading();
  leader.hindered(FULL);
  leader.after(DELAY_MS);
  leader.heirs();
  const { term } = leader.raft;
  leader.step('b', term + 1, {
    type: 'vote-request',
    preVote: false,
    last: { term: 9, index: 9 },
    transfer: true,
  });
  leader.take();
  leader.after(10);
  leader.lead();
  const { stops } = leader;
  leader.after(9 * DELAY_MS);
  assert.equal(leader.stops, stops);
  leader.after(DELAY_MS);
  assert.ok(leader.stops > stops);
});
