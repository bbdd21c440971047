import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { One, only } from '../raft/one-raft.ts';

test('3.3 a term begins with an election', () => {
  const one = new One({ term: 6 });
  one.campaign();
  one.step('b', 7, { type: 'vote-response', preVote: true, granted: true });
  const ready = one.take();
  assert.equal(ready.role, 'candidate');
  assert.equal(ready.term, 7);
});

test('3.3 terms only grow, and every message carries one', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  let before = 0;
  for (const id of ['a', 'b', 'a', 'c']) {
    cluster.elect(id);
    const { term } = cluster.raft(id);
    assert.ok(term > before);
    before = term;
    cluster.tick(id, 2);
    assert.ok(cluster.network.every((message) => message.term === term));
    cluster.run();
  }
});

test('3.3 follower, candidate and leader all update to a higher term, as followers', () => {
  for (const role of ['follower', 'candidate', 'leader'] as const) {
    const one = new One();
    if (role !== 'follower') {
      one.campaign();
      one.step('b', 1, { type: 'vote-response', preVote: true, granted: true });
      one.take();
    }
    if (role === 'leader')
      one.step('b', 1, { type: 'vote-response', preVote: false, granted: true });
    assert.equal(one.raft.role, role);
    one.step('c', 5, {
      type: 'append-response',
      accepted: true,
      match: 0,
      rejected: 0,
      hint: { term: 0, index: 0 },
    });
    assert.equal(one.raft.role, 'follower');
    assert.equal(one.raft.term, 5);
    assert.equal(one.take().hardState?.vote, null);
  }
});

test('3.3 a request of a past term is refused', () => {
  const one = new One({ term: 3 });
  const last = { term: 2, index: 9 };
  one.step('b', 2, { type: 'vote-request', preVote: false, last, transfer: false });
  one.step('b', 2, {
    type: 'append-request',
    previous: { term: 0, index: 0 },
    entries: [],
    commit: 0,
  });
  const { messages } = one.take();
  assert.equal(only(messages, 'vote-response')[0]?.granted, false);
  assert.equal(only(messages, 'append-response')[0]?.accepted, false);
  assert.equal(one.raft.leader, null);
});
