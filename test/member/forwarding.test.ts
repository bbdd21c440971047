import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Prng } from '../../src/base/prng.ts';
import { Pair } from './forwarding-fixture.ts';

test('a leader that refuses the first of the writes on their way, and would take the next, takes none before it', () => {
  const pair = new Pair({ accepting: false });
  pair.ask(1, 2, 3);
  pair.deliverToLeader();
  pair.accepting = true;
  pair.settle();
  assert.deepEqual(pair.executed, [1, 2, 3]);
});

test('a write that the connection does not take keeps those behind it back', () => {
  const pair = new Pair();
  pair.refuses = (key) => key === 1;
  pair.ask(1, 2, 3);
  pair.refuses = () => false;
  pair.settle();
  assert.deepEqual(pair.executed, [1, 2, 3]);
});

test('leadership that is lost and won again takes what was on its way in the order of the calls', () => {
  const pair = new Pair();
  pair.ask(1, 2, 3);
  pair.deliverToLeader();
  pair.deliverToLeader();
  pair.deliverToLeader();
  pair.loseLeadership();
  pair.deliverToAsker();
  pair.accepting = true;
  pair.ask(4);
  pair.settle();
  assert.deepEqual(pair.executed, [1, 2, 3, 4]);
});

test('a write that the SQL thread refuses is run before those that came after it', () => {
  const pair = new Pair();
  pair.ask(1, 2);
  pair.deliverToLeader();
  pair.refuseWaiting();
  pair.settle();
  assert.deepEqual(pair.executed, [1, 2]);
});

test('writes of one turn travel in one frame, and so do the answers to those of one commit', () => {
  const pair = new Pair();
  pair.askTogether(1, 2, 3);
  pair.deliverToLeader();
  pair.executeWaiting();
  assert.deepEqual(pair.executed, [1, 2, 3]);
  pair.deliverToAsker();
  assert.deepEqual([...pair.answers.keys()], [1, 2, 3]);
});

test('of a frame that comes again only what was not taken is taken', () => {
  const pair = new Pair();
  pair.ask(1);
  pair.askTogether(2, 3);
  pair.repeatToLeader();
  pair.deliverToLeader();
  pair.deliverToLeader();
  pair.deliverToLeader();
  pair.executeWaiting();
  assert.deepEqual(pair.ran, [1, 2, 3]);
});

test('a leader whose word that it takes no more was lost says it again when more comes', () => {
  const pair = new Pair({ accepting: false });
  pair.ask(1);
  pair.deliverToLeader();
  pair.loseToAsker();
  pair.accepting = true;
  pair.ask(2);
  pair.settle();
  assert.deepEqual(pair.executed, [1, 2]);
});

test('answers that the connection has no room for are given to what comes again', () => {
  const pair = new Pair();
  pair.askTogether(1, 2);
  pair.deliverToLeader();
  pair.repliesRefused = true;
  pair.executeWaiting();
  assert.equal(pair.answers.size, 0);
  pair.settle();
  assert.deepEqual([...pair.answers.keys()], [1, 2]);
});

test('of a frame that was refused in its middle, what lies behind is known not to have begun', () => {
  const pair = new Pair();
  pair.askTogether(1, 2);
  pair.accept = 1;
  pair.deliverToLeader();
  pair.deliverToAsker();
  pair.cancel(1);
  pair.cancel(2);
  assert.deepEqual(
    [...pair.answers],
    [
      [1, 'OUTCOME_UNKNOWN'],
      [2, 'TIMED_OUT'],
    ],
  );
});

test('what one commit did for two processes of a member is answered to each as its own', () => {
  const pair = new Pair();
  pair.ask(1);
  pair.deliverToLeader();
  pair.restartAsker();
  pair.ask(1, 2);
  pair.deliverToLeader();
  pair.deliverToLeader();
  pair.executeWaiting();
  pair.deliverToAsker();
  assert.deepEqual([...pair.answers.keys()], [1, 2]);
});

test('an answer to an earlier process of the same member is nobody’s answer', () => {
  const pair = new Pair();
  pair.ask(1);
  pair.deliverToLeader();
  pair.restartAsker();
  pair.ask(1);
  pair.executeWaiting();
  pair.deliverToAsker();
  assert.equal(pair.answers.get(1), undefined);
  pair.settle();
  assert.ok(pair.answers.has(1));
});

test('whatever is lost, refused and delayed, each write is answered, and they are executed in order', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const pair = new Pair();
    const prng = new Prng(seed);
    for (let key = 1; key <= 30; ) {
      const together = Math.min(prng.between(1, 4), 31 - key);
      if (!prng.chance(0.4)) pair.disturb(prng);
      else pair.askTogether(...Array.from({ length: together }, () => key++));
    }
    pair.settle();
    const expected = Array.from({ length: 30 }, (_, i) => i + 1);
    assert.deepEqual(pair.executed, expected, `seed ${seed}`);
    const own = expected.map((key) => [key, key]);
    assert.deepEqual(
      [...pair.answers].sort(([one], [other]) => one - other),
      own,
      `seed ${seed}`,
    );
  }
});
