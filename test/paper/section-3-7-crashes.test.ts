import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { entry, One, only } from '../raft/one-raft.ts';

test('3.7 a leader keeps trying until a crashed follower is back and has everything', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.crash('c');
  for (let i = 0; i < 5; i++) {
    cluster.propose('a');
    cluster.tick('a', 2);
    cluster.run();
  }
  cluster.restart('c');
  cluster.tick('a', 2);
  cluster.run();
  assert.equal(cluster.raft('c').commit, cluster.raft('a').commit);
});

test('3.7 a request that was handled before a crash and comes again does no harm', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1 });
  const previous = { term: 0, index: 0 };
  const entries = [entry(1, 1), entry(1, 2)];
  one.step('b', 1, { type: 'append-request', previous, entries, commit: 2 });
  const ready = one.take();
  assert.equal(ready.entries.length, 0);
  assert.equal(ready.truncateFrom, null);
  assert.equal(only(ready.afterDurable, 'append-response')[0]?.match, 2);
});
