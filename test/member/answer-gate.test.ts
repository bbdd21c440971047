import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Durability, Reached } from '../../src/api/durability.ts';
import { AnswerGate } from '../../src/member/answer-gate.ts';

/** Leader `a` with the entry on its own disk and on those named; `d` is a learner. */
function gate(others: readonly string[], commit: number) {
  const far = { commit };
  const made = new AnswerGate({
    ...{ self: 'a', now: () => 0 },
    commit: () => far.commit,
    durable: () => 7,
    membership: () =>
      ['a', 'b', 'c', 'd'].map((id) => ({ id, address: `${id}:1`, voter: id !== 'd' })),
    matches: () => new Map(others.map((id) => [id, { match: 7 }])),
  });
  const answers: Reached[] = [];
  const hold = (durability: Durability) =>
    made.hold({ term: 1, index: 7 }, durability, 1000, (reached) => answers.push(reached));
  return { made, far, answers, hold };
}

for (const durability of ['all', 2, 3, ['b'], ['a', 'd'], ['b', 'c']] as const)
  test(`durability ${durability} needs the commit index as well as the copies unless it may be lost`, () => {
    const { made, far, answers, hold } = gate(['b', 'c', 'd'], 6);
    hold(durability);
    const mayBeLost = Array.isArray(durability) && durability.length === 1;
    assert.equal(answers.length, mayBeLost ? 1 : 0);
    far.commit = 7;
    made.committed();
    made.look();
    assert.equal(answers.length, 1);
    assert.equal(answers[0]?.committed, !mayBeLost);
  });

test('a name that is there twice is one copy', () => {
  const { made, answers, hold } = gate([], 6);
  hold(['a', 'a']);
  assert.deepEqual(answers, [{ committed: false, members: ['a'] }]);
  assert.equal(made.atRisk, 1);
});

test('what waits for copies that do not come is not answered by the commit index', () => {
  const { made, far, answers, hold } = gate(['b'], 6);
  hold('all');
  far.commit = 7;
  made.committed();
  made.look();
  assert.deepEqual(answers, []);
});

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
