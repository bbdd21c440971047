import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { entry, One, only } from '../raft/one-raft.ts';

test('3.5 a leader appends to its own log and sends the entry to all followers at once', () => {
  const one = new One();
  one.lead();
  one.acknowledge('c', 1);
  one.take();
  const next = one.propose();
  const ready = one.take();
  assert.deepEqual(ready.entries, [next]);
  const requests = only(ready.messages, 'append-request');
  assert.deepEqual(
    requests.map(({ to, entries }) => [to, entries]),
    [
      ['b', [next]],
      ['c', [next]],
    ],
  );
});

test('3.5 an entry on a majority is committed, with all before it', () => {
  const one = new One({ members: ['a', 'b', 'c', 'd', 'e'] });
  one.campaign();
  for (const preVote of [true, false]) {
    for (const from of ['b', 'c']) {
      one.step(from, 1, { type: 'vote-response', preVote, granted: true });
    }
    one.take();
  }
  for (let i = 0; i < 3; i++) one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 3);
  assert.equal(one.raft.commit, 0);
  one.acknowledge('c', 2);
  assert.equal(one.raft.commit, 2);
  one.acknowledge('d', 3);
  assert.equal(one.raft.commit, 3);
});

test('3.5 followers learn the commit index from later messages', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  const previous = { term: 1, index: 2 };
  one.step('b', 1, { type: 'append-request', previous, entries: [], commit: 1 });
  assert.equal(one.take().commit, 1);
});

test('3.5 the entry before the new ones must match, or nothing is taken', () => {
  for (const previous of [
    { term: 2, index: 2 },
    { term: 1, index: 3 },
  ]) {
    const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
    const entries = [entry(2, previous.index + 1)];
    one.step('b', 2, { type: 'append-request', previous, entries, commit: 0 });
    const ready = one.take();
    assert.equal(ready.entries.length, 0);
    assert.equal(only(ready.afterDurable, 'append-response')[0]?.accepted, false);
  }
});

/** Dissertation, figure 3.6: the leader of term 8, and followers whose logs may occur. */
const LEADER = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
const FOLLOWERS = {
  a: [1, 1, 1, 4, 4, 5, 5, 6, 6],
  b: [1, 1, 1, 4],
  c: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6],
  d: [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7],
  e: [1, 1, 1, 4, 4, 4, 4],
  f: [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3],
};

for (const [name, terms] of Object.entries(FOLLOWERS)) {
  test(`3.5 a leader brings the follower (${name}) of figure 3.6 in line with its log`, () => {
    const cluster = new Cluster(membership('l', 'v', 'x'));
    const write = (id: string, all: readonly number[]) => {
      const member = cluster.at(id);
      const entries = all.map((term, i) => entry(term, i + 1));
      const hardState = { term: 7, vote: null, commit: 0 };
      member.log.write({ truncateFrom: null, entries, hardState });
      member.log.flush();
      cluster.crash(id);
      cluster.restart(id);
    };
    write('l', LEADER);
    write('v', LEADER);
    write('x', terms);
    cluster.cut('l', 'x');
    cluster.cut('v', 'x');
    cluster.elect('l');
    cluster.heal();
    cluster.tick('l', 2);
    cluster.run();
    const count = LEADER.length + 1;
    assert.equal(cluster.raft('x').commit, count);
    const { log } = cluster.at('x');
    assert.deepEqual(
      log.entries(1, log.lastIndex, 1e6),
      cluster.at('l').log.entries(1, count, 1e6),
    );
  });
}

test('3.5 a leader finds the place in few steps, a term at a time', () => {
  const one = new One({ entries: LEADER.map((term, i) => entry(term, i + 1)), term: 7 });
  one.lead(false);
  one.propose();
  one.take();
  const body = { accepted: false, match: 0, rejected: 10 };
  one.step('c', 8, { type: 'append-response', ...body, hint: { term: 3, index: 9 } });
  const [request] = only(one.take().messages, 'append-request');
  assert.deepEqual(request?.previous, { term: 1, index: 3 });
});

test('3.5 a leader never changes or removes an entry of its log', () => {
  const one = new One();
  one.lead();
  const mine = one.propose();
  one.take();
  const previous = { term: 1, index: 1 };
  const foreign = () =>
    one.step('b', 1, { type: 'append-request', previous, entries: [entry(1, 2)], commit: 0 });
  assert.throws(foreign, { name: 'AssertionError' });
  assert.deepEqual(one.log.entries(2, 2, 1e6), [mine]);
});

test('3.5 a slow follower does not hold up the others', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.at('c').slow = true;
  for (let i = 0; i < 10; i++) {
    cluster.propose('a');
    cluster.run();
  }
  assert.equal(cluster.raft('a').commit, 11);
});
