import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Fate } from '../../../proof/chaos/ipc.ts';
import { settle, type Told } from '../../../proof/chaos/told.ts';
import type { Durability, Reached } from '../../../src/api/durability.ts';
import { append, cas, done, list, refused, write } from '../notation.ts';

const MEMBERS = 3;
const QUORUM: Reached = { committed: true, members: ['a', 'b'] };
const ALONE: Reached = { committed: false, members: ['a'] };

function told(
  operation: Parameters<typeof Object.assign>[0] & Pick<Told, 'client'>,
  more: Partial<Told>,
): Told {
  return {
    ...(operation as Told),
    ...{
      id: 'w1',
      durability: null,
      mayHaveAsked: ['quorum'],
      style: 'plain',
      reached: QUORUM,
      error: null,
    },
    ...{ ofHandle: false, ...more },
  };
}

/** An append of client 1 at 1.5, acknowledged at time 1. */
function appended(durability: Durability | null, reached: Reached, more: Partial<Told> = {}): Told {
  const operation = done([0, 1], append(7), null, { client: 1, index: 5 });
  const mayHaveAsked = [durability ?? 'quorum'];
  return told(operation, { durability, mayHaveAsked, reached, ...more });
}

function settleAll(fate: Fate, ...all: Told[]) {
  return settle(all, new Map([['w1', fate]]), MEMBERS);
}

const THERE: Fate = { state: 'committed', position: { term: 1, index: 5 }, observed: null };
const NOWHERE: Fate = { state: 'unknown' };

test('a write acknowledged on a majority has to be there, where its receipt says', () => {
  const write = appended(null, QUORUM);
  assert.deepEqual(settleAll(THERE, write), { history: [write], lost: [], violations: [] });
  assert.match(settleAll(NOWHERE, write).violations.join(), /I4: of an acknowledged write/);
  const elsewhere: Fate = { ...THERE, position: { term: 2, index: 5 } };
  assert.match(settleAll(elsewhere, write).violations.join(), /I9: outcome\(id\) tells another/);
});

test('one acknowledged below a majority may be gone, and is then lost; else it happened at some time', () => {
  const write = appended('local', ALONE);
  const gone = settleAll(NOWHERE, write);
  assert.deepEqual(gone.lost, [write]);
  assert.deepEqual(gone.violations, []);
  assert.equal(gone.history[0]!.outcome.kind, 'rejected');
  const kept = settleAll(THERE, write);
  assert.deepEqual([kept.lost, kept.violations], [[], []]);
  const [{ returned, acknowledged, outcome }] = kept.history as [Told];
  assert.deepEqual([returned, acknowledged, outcome.kind], [null, 1, 'ok']);
});

test('what was discarded and done again somewhere else was lost all the same', () => {
  const again: Fate = { ...THERE, position: { term: 2, index: 9 } };
  const { lost, history, violations } = settleAll(again, appended(1, ALONE));
  assert.deepEqual([lost.length, violations], [1, []]);
  assert.deepEqual(history[0]!.position, { term: 2, index: 9 });
  assert.equal(history[0]!.acknowledged, undefined);
});

test('a receipt that says less than what was asked for is reported', () => {
  const both: Reached = { committed: false, members: ['a', 'b'] };
  for (const [durability, reached] of [
    ['quorum', both],
    [null, both],
    ['all', QUORUM],
    [3, QUORUM],
    [['c'], QUORUM],
    ['local', { committed: false, members: [] }],
  ] as const)
    assert.match(settleAll(THERE, appended(durability, reached)).violations.join(), /I4: asked/);
  for (const [durability, reached] of [
    ['local', ALONE],
    [2, both],
    [['b'], both],
  ] as const)
    assert.deepEqual(settleAll(THERE, appended(durability, reached)).violations, []);
});

test('what asked for nothing may be acknowledged as one of the members in question has it', () => {
  const asking = (...mayHaveAsked: Durability[]) => appended(null, ALONE, { mayHaveAsked });
  assert.deepEqual(settleAll(NOWHERE, asking('local', 'quorum')).violations, []);
  assert.equal(settleAll(NOWHERE, asking('local', 'quorum')).lost.length, 1);
  const { violations } = settleAll(NOWHERE, asking('quorum', 2));
  assert.match(violations.join(), /I4: asked for quorum or 2, acknowledged with/);
});

test('an unknown outcome is what outcome(id) says; a rejected write must not be there', () => {
  const unknown = appended(null, QUORUM, {
    ...{ outcome: { kind: 'unknown' }, returned: null, position: null, reached: null },
  });
  const [found] = settleAll(THERE, unknown).history;
  assert.deepEqual(found!.outcome, { kind: 'ok', observed: null });
  assert.deepEqual(found!.position, { term: 1, index: 5 });
  assert.equal(settleAll(NOWHERE, unknown).history[0]!.outcome.kind, 'rejected');
  const rejected = told(refused(0, write(7), 1), { reached: null });
  assert.match(settleAll(THERE, rejected).violations.join(), /I10: outcome\(id\) says/);
  assert.deepEqual(settleAll(NOWHERE, rejected).violations, []);
});

test('POSITION_LOST is for who wrote what was lost, and who has his token', () => {
  const lost = appended('local', ALONE);
  const error = { code: 'POSITION_LOST', message: '', sqlite: null };
  const read = (client: number, more: Partial<Told>) =>
    told(done([2, 3], list(), [], { client, level: 'session' }), { id: null, error, ...more });
  const wrong = (one: Told) => settleAll(NOWHERE, lost, one).violations.length;
  assert.equal(wrong(read(1, {})), 0);
  assert.equal(wrong(read(2, { after: { client: 1, at: 1 } })), 0);
  assert.equal(wrong(read(2, {})), 1);
  assert.equal(wrong(read(1, { level: 'strong' })), 1);
  assert.equal(wrong(read(1, { level: 'eventual' })), 1);
  assert.equal(wrong(read(1, { level: 'eventual', style: 'transaction' })), 0);
  assert.equal(settleAll(THERE, lost, read(1, {})).violations.length, 1);
});

test('what changed nothing and was discarded is no lost write, and explains POSITION_LOST all the same', () => {
  const operation = done([0, 1], cas(3, 4), false, { client: 1, index: 5 });
  const local = { durability: 'local', mayHaveAsked: ['local'] } as const;
  const unchanged = told(operation, { ...local, reached: ALONE });
  const error = { code: 'POSITION_LOST', message: '', sqlite: null };
  const asked = done([2, 3], list(), [], { client: 1, level: 'session' });
  const { lost, violations } = settleAll(NOWHERE, unchanged, told(asked, { id: null, error }));
  assert.deepEqual([lost, violations], [[], []]);
});
