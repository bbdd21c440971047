import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Progress } from '../../src/raft/progress.ts';

const WINDOW = {
  inflightMessagesMax: 3,
  inflightBytesMax: 100,
  heartbeatTicks: 2,
  snapshotRetryTicks: 5,
};

function replicating(): Progress {
  const progress = new Progress(11, WINDOW);
  progress.sent(10, 0, 0);
  progress.acknowledge(10, 0);
  return progress;
}

test('a probe waits for its answer, and an accepted one starts the pipeline', () => {
  const progress = new Progress(11, WINDOW);
  progress.sent(15, 50, 0);
  assert.ok(progress.paused);
  assert.equal(progress.next, 11);
  progress.acknowledge(15, 0);
  assert.equal(progress.state, 'replicate');
  assert.equal(progress.next, 16);
  assert.equal(progress.match, 15);
});

test('the window is full by messages or by bytes, and answers free it', () => {
  const progress = replicating();
  for (const last of [11, 12, 13]) {
    assert.ok(!progress.full);
    progress.sent(last, 1, 0);
  }
  assert.ok(progress.full);
  progress.acknowledge(12, 0);
  assert.equal(progress.inflight, 1);
  assert.ok(!progress.full);
  progress.sent(14, 99, 0);
  assert.ok(progress.full);
  progress.acknowledge(14, 0);
  assert.equal(progress.inflight, 0);
});

test('what is in flight is counted in entries and bytes, from what was confirmed on', () => {
  const progress = replicating();
  const figures = () => [progress.inflightEntries, progress.inflightBytes];
  assert.deepEqual(figures(), [0, 0]);
  progress.sent(14, 40, 0);
  progress.sent(15, 7, 0);
  assert.deepEqual(figures(), [5, 47]);
  progress.acknowledge(12, 0);
  assert.deepEqual(figures(), [3, 47]);
  progress.acknowledge(14, 0);
  assert.deepEqual(figures(), [1, 7]);
  progress.probe();
  assert.deepEqual(figures(), [0, 0]);
  progress.sent(20, 9, 0);
  assert.deepEqual(figures(), [0, 0]);
});

test('an append without entries takes no room', () => {
  const progress = replicating();
  progress.sent(10, 0, 9);
  assert.equal(progress.inflight, 0);
  assert.equal(progress.commitSent, 9);
});

test('a refusal in the pipeline goes back to what is certain', () => {
  const progress = replicating();
  progress.sent(11, 1, 0);
  progress.sent(12, 1, 0);
  progress.reject(11, 5);
  assert.equal(progress.state, 'probe');
  assert.equal(progress.next, 11);
  assert.equal(progress.inflight, 0);
});

test('a refused probe goes to the hint, at least one back and never below the match', () => {
  const progress = new Progress(11, WINDOW);
  progress.sent(10, 0, 0);
  progress.reject(10, 4);
  assert.equal(progress.next, 5);
  assert.ok(!progress.paused);
  progress.sent(4, 0, 0);
  progress.reject(4, 9);
  assert.equal(progress.next, 4);
});

test('a follower that refuses what it had acknowledged has forgotten it: the search begins anew', () => {
  const progress = replicating();
  progress.probe();
  progress.sent(10, 0, 10);
  progress.reject(10, 7);
  assert.deepEqual([progress.match, progress.next, progress.commitSent], [0, 8, 0]);
  assert.ok(!progress.paused);
  progress.sent(10, 30, 10);
  progress.acknowledge(10, 0);
  assert.deepEqual([progress.state, progress.match, progress.next], ['replicate', 10, 11]);
});

test('stale refusals change nothing', () => {
  const progress = new Progress(11, WINDOW);
  progress.sent(10, 0, 0);
  progress.reject(7, 2);
  assert.equal(progress.next, 11);
  const pipeline = replicating();
  pipeline.reject(10, 2);
  assert.equal(pipeline.state, 'replicate');
});

test('an old acknowledgement does not take anything back', () => {
  const progress = replicating();
  progress.sent(11, 1, 0);
  progress.acknowledge(11, 0);
  progress.acknowledge(10, 0);
  assert.equal(progress.match, 11);
  assert.equal(progress.next, 12);
});

test('a snapshot lasts until the follower has reached our base, and is asked for again', () => {
  const progress = replicating();
  progress.snapshot();
  progress.snapshotTicks = 0;
  for (let i = 0; i < 4; i++) progress.tick();
  assert.notEqual(progress.snapshotTicks, null);
  progress.tick();
  assert.equal(progress.snapshotTicks, null);
  progress.acknowledge(19, 20);
  assert.equal(progress.state, 'snapshot');
  progress.acknowledge(20, 20);
  assert.equal(progress.state, 'replicate');
  assert.equal(progress.next, 21);
});

test('a heartbeat answered while an append is not asks for a nudge, in time', () => {
  const progress = replicating();
  progress.sent(11, 1, 0);
  progress.heartbeatAnswered();
  assert.ok(!progress.nudge);
  progress.tick();
  progress.tick();
  progress.heartbeatAnswered();
  assert.ok(progress.nudge);
  progress.sent(11, 0, 0);
  assert.ok(!progress.nudge);
});

test('a heartbeat answered with nothing unanswered asks for nothing', () => {
  const progress = replicating();
  for (let i = 0; i < 10; i++) progress.tick();
  progress.heartbeatAnswered();
  assert.ok(!progress.nudge);
  assert.equal(progress.silentTicks, 10);
});

test('an unanswered probe is repeated after a heartbeat was answered', () => {
  const progress = new Progress(11, WINDOW);
  progress.sent(10, 0, 0);
  progress.heartbeatAnswered();
  assert.ok(progress.paused);
  progress.tick();
  progress.tick();
  progress.heartbeatAnswered();
  assert.ok(!progress.paused);
});
