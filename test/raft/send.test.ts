import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONFIG, entry, One, only } from './one-raft.ts';

/** To `b`, which has everything so far: first and last index of each append. */
function appended(one: One): string[] {
  return only(one.take().messages, 'append-request')
    .filter(({ to }) => to === 'b')
    .map(({ entries }) => entries.map(({ index }) => index).join(' '));
}

test('all that was proposed since the last Ready goes in one append, as it is written', () => {
  const one = new One();
  one.lead();
  for (let i = 0; i < 3; i++) one.propose(10);
  const ready = one.take();
  assert.equal(ready.entries.length, 3);
  const [append] = only(ready.messages, 'append-request');
  assert.deepEqual(append?.entries, ready.entries);
});

test('more than an append may carry goes in several', () => {
  const one = new One();
  one.lead();
  for (let i = 0; i < 5; i++) one.propose(40);
  assert.deepEqual(appended(one), ['2 3', '4 5', '6']);
});

test('an entry larger than an append goes alone', () => {
  const one = new One();
  one.lead();
  one.propose(10);
  one.propose(500);
  one.propose(10);
  assert.deepEqual(appended(one), ['2', '3', '4']);
});

test('what has no room in the window waits for an answer', () => {
  const one = new One();
  one.lead();
  for (let i = 0; i < 6; i++) one.propose(90);
  assert.deepEqual(appended(one), ['2', '3', '4', '5']);
  one.propose(5);
  assert.deepEqual(appended(one), []);
  one.acknowledge('b', 3);
  assert.deepEqual(appended(one), ['6', '7 8']);
});

test('the window is also limited in bytes', () => {
  const one = new One({ config: { inflightBytesMax: 100 } });
  one.lead();
  one.propose(90);
  one.propose(90);
  one.propose(90);
  assert.deepEqual(appended(one), ['2', '3']);
});

test('followers learn of a commit at once, once', () => {
  const one = new One();
  one.lead();
  one.acknowledge('c', 1);
  one.take();
  one.propose();
  one.take();
  one.durable();
  one.acknowledge('b', 2);
  const told = only(one.take().messages, 'append-request');
  assert.deepEqual(
    told.map(({ to, entries, commit }) => [to, entries.length, commit]),
    [
      ['b', 0, 2],
      ['c', 0, 2],
    ],
  );
  one.acknowledge('c', 2);
  one.acknowledge('b', 2);
  assert.ok(!one.raft.hasReady());
});

test('a commit that can ride on entries has no message of its own', () => {
  const one = new One();
  one.lead();
  one.propose();
  one.take();
  one.durable();
  one.propose();
  one.acknowledge('b', 2);
  const told = only(one.take().messages, 'append-request').filter(({ to }) => to === 'b');
  assert.deepEqual(
    told.map(({ entries, commit }) => [entries.length, commit]),
    [[1, 2]],
  );
});

test('a follower that did not answer its probe is not sent more', () => {
  const one = new One();
  one.lead();
  for (let i = 0; i < 3; i++) {
    one.propose();
    assert.ok(only(one.take().messages, 'append-request').every(({ to }) => to === 'b'));
  }
  assert.equal(one.raft.progress().get('c')?.state, 'probe');
});

test('a follower before the base of the log is asked to fetch a snapshot, now and then', () => {
  const one = new One({ entries: [entry(1, 1), entry(1, 2)], term: 1, commit: 2 });
  one.log.compact(2, one.raft.membership);
  one.log.flush();
  one.lead();
  const hint = { term: 0, index: 0 };
  const body = { accepted: false, match: 0, rejected: 2, hint };
  one.step('c', 2, { type: 'append-response', ...body });
  const [request] = only(one.take().messages, 'snapshot-request');
  assert.deepEqual(request?.snapshot, { term: 1, index: 2 });
  assert.equal(request?.to, 'c');
  assert.equal(one.raft.progress().get('c')?.state, 'snapshot');
  let repeated = 0;
  for (let i = 0; i < 10 * CONFIG.electionTicks; i++) {
    one.raft.tick();
    one.step('b', 2, { type: 'heartbeat-response', round: 0, promiseTicks: 0 });
    if (one.raft.hasReady()) repeated += only(one.take().messages, 'snapshot-request').length;
  }
  assert.equal(repeated, 1);
  one.acknowledge('c', 2);
  one.take();
  assert.equal(one.raft.progress().get('c')?.state, 'replicate');
});
