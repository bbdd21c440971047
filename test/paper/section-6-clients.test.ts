import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Cluster } from '../raft/cluster-fixture.ts';
import { membership } from '../raft/member-fixture.ts';
import { CONFIG, One } from '../raft/one-raft.ts';

test('6.2 a leader without a majority steps down, so that clients look elsewhere', () => {
  const one = new One();
  one.lead();
  one.ticks(CONFIG.electionTicks);
  assert.equal(one.raft.role, 'follower');
});

test('6.4 a leader knows the commit index only after an entry of its own term', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'), { startEntries: false });
  cluster.elect('a');
  cluster.call('a', (raft) => raft.readIndex(1));
  cluster.tick('a', 2);
  cluster.run();
  assert.deepEqual(cluster.at('a').reads, []);
  cluster.propose('a');
  cluster.run();
  assert.deepEqual(cluster.at('a').reads, [{ context: 1, index: 1 }]);
});

test('6.4 a leader that was replaced without noticing serves nothing', () => {
  const cluster = new Cluster(membership('a', 'b', 'c'));
  cluster.elect('a');
  cluster.isolate('a');
  cluster.elect('b');
  cluster.propose('b');
  cluster.run();
  assert.equal(cluster.raft('a').role, 'leader');
  cluster.call('a', (raft) => raft.readIndex(1));
  cluster.heal();
  cluster.tick('a', 2);
  cluster.run();
  assert.deepEqual(cluster.at('a').reads, []);
  assert.deepEqual(cluster.at('a').readsFailed, [1]);
});

test('6.4 answers to heartbeats from before the read do not count', () => {
  const one = new One();
  one.lead();
  one.ticks(CONFIG.heartbeatTicks);
  one.take();
  one.raft.readIndex(1);
  one.take();
  one.step('b', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  one.step('c', 1, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
  if (one.raft.hasReady()) assert.deepEqual(one.take().readStates, []);
  one.step('c', 1, { type: 'heartbeat-response', round: 1, promiseTicks: 0 });
  assert.equal(one.take().readStates.length, 1);
});

test('6.4 a follower gets its read index from the leader', () => {
  const cluster = new Cluster(membership('a', 'b', 'c', '(d)'));
  cluster.elect('a');
  cluster.propose('a');
  cluster.run();
  for (const id of ['b', 'd']) {
    cluster.call(id, (raft) => raft.readIndex(4));
    cluster.run();
    assert.deepEqual(cluster.at(id).reads, [{ context: 4, index: 2 }]);
  }
});
