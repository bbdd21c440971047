import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApplyPace } from '../../src/member/apply-pace.ts';
import type { Clock } from '../../src/member/clock.ts';

/** A clock whose timers run when the test says so. */
function stoppedClock() {
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => 0,
    later: (work) => {
      timers.push(work);
      return { cancel: () => assert.fail('nobody cancels') };
    },
  };
  return { clock, timers };
}

test('the first entries go at once, the next ones are gathered until the pause is over', () => {
  const { clock, timers } = stoppedClock();
  let turns = 0;
  const pace = new ApplyPace(clock, (work) => {
    turns++;
    work();
  });
  assert.equal(pace.gathers(0, 1), false);
  pace.used();
  assert.equal(pace.gathers(1, 2), true);
  pace.used();
  assert.equal(timers.length, 1);
  timers[0]!();
  assert.equal(turns, 1, 'what was gathered is looked at');
  assert.equal(pace.gathers(1, 2), false);
});

test('much that waits is not held back', () => {
  const { clock } = stoppedClock();
  const pace = new ApplyPace(clock, (work) => work());
  pace.used();
  assert.equal(pace.gathers(10, 73), true);
  assert.equal(pace.gathers(10, 74), false);
});
