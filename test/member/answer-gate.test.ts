import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerGate } from '../../src/member/answer-gate.ts';

const MEMBERS = ['a', 'b', 'c'].map((id) => ({ id, address: '', voter: true }));

test('an answer that a member which is gone holds up is let go when its caller waits no more, and not given later', () => {
  const matches = new Map([
    ['b', { match: 9 }],
    ['c', { match: 0 }],
  ]);
  let now = 0;
  const gate = new AnswerGate({
    ...{ self: 'a', commit: () => 9, durable: () => 9, now: () => now },
    ...{ membership: () => MEMBERS, matches: () => matches },
  });
  const told: string[] = [];
  const hold = (name: string, timeoutMs: number) =>
    gate.hold(
      { term: 1, index: 9 },
      'all',
      timeoutMs,
      () => told.push(`${name} answered`),
      () => told.push(`${name} late`),
    );
  hold('short', 100);
  hold('long', 1000);
  now = 99;
  gate.tick();
  assert.deepEqual(told, []);
  now = 100;
  gate.tick();
  assert.deepEqual(told, ['short late']);
  matches.set('c', { match: 9 });
  gate.look();
  now = 2000;
  gate.tick();
  assert.deepEqual(told, ['short late', 'long answered']);
});
