import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Backoff } from '../../src/transport/backoff.ts';

describe('backoff', () => {
  test('the first retry is immediate, later ones wait twice as long each, up to the limit', () => {
    const backoff = new Backoff(20, 100);
    const waits = Array.from({ length: 6 }, () => backoff.next(1));
    assert.deepEqual(waits, [0, 20, 40, 80, 100, 100]);
  });

  test('chance takes up to half of a wait away', () => {
    const backoff = new Backoff(20, 100);
    backoff.next(0);
    assert.equal(backoff.next(0), 10);
    assert.equal(backoff.next(0.5), 30);
  });

  test('after success it begins anew', () => {
    const backoff = new Backoff(20, 100);
    backoff.next(1);
    backoff.next(1);
    backoff.reset();
    assert.equal(backoff.next(1), 0);
  });

  test('a refusal waits longest at once, and stays finite for ever', () => {
    const backoff = new Backoff(20, 100);
    assert.equal(backoff.longest(1), 100);
    for (let i = 0; i < 5000; i++) backoff.next(1);
    assert.equal(backoff.next(1), 100);
  });
});
