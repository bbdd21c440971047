import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LeaderLease } from '../../src/member/leader-lease.ts';
import { CONFIG, One } from '../raft/one-raft.ts';

const LASTS_MS = 100;
const ELECTION_TICKS = CONFIG.electionTicks;

function leading(protectLeader = true) {
  const one = new One({ config: { protectLeader } });
  one.lead();
  const clock = { ms: 1000 };
  const lease = new LeaderLease(
    one.raft,
    () => clock.ms,
    (ticks) => LASTS_MS - ELECTION_TICKS + ticks,
  );
  return { one, clock, lease, term: one.raft.term };
}

test('a lease counts from the begin of the round that was confirmed, and ends by the clock alone', () => {
  const { one, clock, lease, term } = leading();
  assert.equal(lease.current(), null);
  clock.ms = 1050; // the round took that long
  lease.confirmed(1000, term);
  assert.equal(lease.current(), one.raft.commit);
  clock.ms = 1000 + LASTS_MS - 1;
  assert.equal(lease.current(), one.raft.commit);
  // A process that stood still finds its clock further on, though nothing else has changed for it.
  clock.ms = 1000 + LASTS_MS;
  assert.equal(lease.current(), null);
});

test('a lease ends with the term, with a hand-over, and is no other member’s', () => {
  const lost = leading();
  lost.lease.confirmed(1000, lost.term);
  lost.one.step('c', lost.term + 1, { type: 'heartbeat-request', commit: 0, round: 0 });
  assert.equal(lost.lease.current(), null);
  lost.lease.confirmed(1000, lost.term);
  assert.equal(lost.lease.current(), null);
  const handing = leading();
  handing.lease.confirmed(1000, handing.term);
  handing.one.raft.transferLeadership('b');
  assert.equal(handing.lease.current(), null);
});

test('without the promise of voters there is none', () => {
  const { one, lease, term } = leading(false);
  assert.equal(one.raft.leaseTicks(), 0);
  lease.confirmed(1000, term);
  assert.equal(lease.current(), null);
});

test('it lasts as long as voters promise', () => {
  const { one, clock, lease, term } = leading();
  one.step('c', term, { type: 'heartbeat-response', round: 0, promiseTicks: ELECTION_TICKS - 3 });
  lease.confirmed(1000, term);
  clock.ms = 1000 + LASTS_MS - 4;
  assert.equal(lease.current(), one.raft.commit);
  clock.ms++;
  assert.equal(lease.current(), null);
});
