import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { majority, quorumValue, voteResult } from '../../src/raft/quorum.ts';

test('two majorities of the same voters always share one', () => {
  for (let count = 1; count < 100; count++) assert.ok(2 * majority(count) > count);
  for (let count = 1; count < 100; count++) assert.ok(2 * (majority(count) - 1) <= count);
});

test('majorities before and after one voter more always share one', () => {
  for (let count = 1; count < 100; count++) {
    assert.ok(majority(count) + majority(count + 1) > count + 1);
  }
});

test('the quorum value is the largest that a majority has reached', () => {
  const values = fc.array(fc.nat(20), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(values, (all) => {
      const reachedBy = (value: number) => all.filter((one) => one >= value).length;
      const expected = Math.max(...all.filter((value) => reachedBy(value) > all.length / 2));
      assert.equal(quorumValue(all), expected);
    }),
  );
});

test('without voters nothing is ever reached and no election is won', () => {
  assert.equal(quorumValue([]), 0);
  assert.equal(voteResult([], new Map([['a', true]])), 'lost');
});

test('an election is won by a majority, lost when none is possible, and open until then', () => {
  const voters = ['a', 'b', 'c', 'd'];
  const result = (...votes: [string, boolean][]) => voteResult(voters, new Map(votes));
  assert.equal(result(['a', true], ['b', true]), 'open');
  assert.equal(result(['a', true], ['b', true], ['d', true]), 'won');
  assert.equal(result(['a', true], ['b', false]), 'open');
  assert.equal(result(['a', true], ['b', false], ['c', false]), 'lost');
});

test('votes of those who are no voters do not count', () => {
  const votes = new Map([
    ['a', true],
    ['x', true],
    ['y', true],
  ]);
  assert.equal(voteResult(['a', 'b', 'c'], votes), 'open');
});
