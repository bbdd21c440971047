import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { CONFIG, One, only } from '../raft/one-raft.ts';

test('3.4 members start as followers and stay so while they hear a leader', () => {
  const one = new One();
  assert.equal(one.raft.role, 'follower');
  for (let i = 0; i < 20; i++) {
    one.ticks(CONFIG.electionTicks - 1);
    one.step('b', 1, { type: 'heartbeat-request', commit: 0, round: 0 });
    assert.equal(one.take().role, 'follower');
  }
});

test('3.4 a leader sends heartbeats without being asked', () => {
  const one = new One();
  one.lead();
  one.ticks(CONFIG.heartbeatTicks);
  assert.equal(only(one.take().messages, 'heartbeat-request').length, 2);
});

test('3.4 a candidate votes for itself and asks all others', () => {
  const one = new One();
  one.campaign();
  one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
  const ready = one.take();
  assert.equal(ready.hardState?.vote, 'a');
  assert.deepEqual(
    only(ready.afterDurable, 'vote-request').map(({ to }) => to),
    ['b', 'c'],
  );
});

test('3.4 votes of a majority win, fewer do not', () => {
  const members = ['a', 'b', 'c', 'd', 'e'];
  for (const votes of [1, 2, 3, 4]) {
    const one = new One({ members });
    one.campaign();
    for (const from of ['b', 'c']) {
      one.step(from, 1, { type: 'vote-response', preVote: true, granted: true });
    }
    one.take();
    for (const from of members.slice(1, 1 + votes)) {
      one.step(from, 1, { type: 'vote-response', preVote: false, granted: true });
    }
    assert.equal(one.raft.role, votes >= 2 ? 'leader' : 'candidate');
  }
});

test('3.4 the same vote counts once, however often it arrives', () => {
  const one = new One({ members: ['a', 'b', 'c', 'd', 'e'] });
  one.campaign();
  for (let i = 0; i < 5; i++) {
    one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
  }
  assert.equal(one.raft.role, 'pre-candidate');
});

test('3.4 first come, first served: one vote per term', () => {
  const one = new One();
  const last = { term: 0, index: 0 };
  const granted = ['b', 'c', 'b'].map((from) => {
    one.step(from, 1, { type: 'vote-request', preVote: false, last, transfer: false });
    const { messages, afterDurable } = one.take();
    return only([...messages, ...afterDurable], 'vote-response')[0]?.granted;
  });
  assert.deepEqual(granted, [true, false, true]);
});

test('3.4 a candidate gives way to a leader of its term, not of an earlier one', () => {
  for (const [term, role] of [
    [4, 'candidate'],
    [5, 'follower'],
    [6, 'follower'],
  ] as const) {
    const one = new One({ term: 4 });
    one.campaign();
    one.step('b', 5, { type: 'vote-response', preVote: true, granted: true });
    one.take();
    one.step('c', term, { type: 'heartbeat-request', commit: 0, round: 0 });
    assert.equal(one.raft.role, role);
  }
});

test('3.4 split votes end, because timeouts are drawn at random', () => {
  for (let seed = 1; seed <= 30; seed++) {
    const cluster = new Cluster(membership('a', 'b', 'c', 'd'), { seed });
    for (let ticks = 0; ticks < 200 && cluster.leader === null; ticks++) {
      cluster.tickAll();
      cluster.run();
    }
    assert.notEqual(cluster.leader, null, `no leader with seed ${seed}`);
  }
});
