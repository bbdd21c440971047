import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Durability } from '../../src/api/durability.ts';
import { MemoryLog } from '../../src/log-store/memory.ts';
import { systemClock } from '../../src/member/clock.ts';
import { LeaderLink } from '../../src/member/leader-link.ts';
import { Network } from '../../src/member/network.ts';
import { resolveOptions } from '../../src/member/options.ts';
import type { LoopToApp } from '../../src/member/protocol.ts';
import { SharedState } from '../../src/member/shared-state.ts';
import { One } from '../raft/one-raft.ts';

/** A leader with one committed entry in its term, and what its loop tells the application about direct writes. */
function leading() {
  const one = new One();
  one.lead();
  const toApp: LoopToApp[] = [];
  const port = { flush: () => {}, listen: () => {}, close: () => {} };
  const base = {
    id: { term: 0, index: one.log.lastIndex },
    membership: [],
    extra: new Uint8Array(),
  };
  const hardState = { term: 0, vote: null, commit: 0 };
  const link = new LeaderLink({
    ...{ self: 'a', incarnation: 1, clock: systemClock, raft: one.raft },
    ...{ network: new Network(), shared: new SharedState() },
    options: resolveOptions({ dir: 'unused', id: 'a' }),
    // Its end stands for what is on the leader's disk.
    log: new MemoryLog({ base, hardState, onFailure: assert.fail }),
    sql: { ...port, post: () => {} },
    app: { ...port, post: (message) => void toApp.push(message) },
  });
  const reach = (key: number, term: number, durability: Durability) => {
    const position = { term, index: one.log.lastIndex };
    link.fromApp({ type: 'reach', key, term, position, durability, timeoutMs: 60_000 });
  };
  return { one, link, reach, toApp };
}

test('the loop says of a direct write when it is as durable as it asked, and in a leadership that is over nothing', () => {
  const { one, link, reach, toApp } = leading();
  const { term } = one.raft;
  reach(1, term, 'local');
  reach(2, term, 'all');
  const keys = () => toApp.map((message) => (message.type === 'reached' ? message.key : null));
  assert.deepEqual(keys(), [1], 'b has it, c has not');
  reach(3, term - 1, 'local');
  assert.deepEqual(keys(), [1], 'of an earlier term');
  one.step('c', term + 1, {
    ...{ type: 'append-request', previous: { term: 0, index: 0 } },
    ...{ commit: 0, entries: [] },
  });
  assert.equal(one.raft.role, 'follower');
  link.lostLeadership();
  reach(4, term, 'local');
  reach(5, term + 1, 'local');
  link.endTurn();
  assert.deepEqual(keys(), [1], 'it does not lead any more');
});
