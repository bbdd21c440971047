import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from './cluster-fixture.ts';
import { membership } from './member-fixture.ts';

test('three members elect the one that times out first and replicate its entries', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  const entry = cluster.propose('a');
  cluster.run();
  for (const id of ['a', 'b', 'c']) {
    assert.equal(cluster.raft(id).commit, entry.index, `commit of ${id}`);
    assert.equal(cluster.raft(id).leader, 'a');
  }
});
