import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLinearizability } from '../../proof/history/linearizability.ts';
import { orderList } from '../../proof/history/list-order.ts';
import { modelOf } from '../../proof/history/model.ts';
import type { ObjectKind, Operation } from '../../proof/history/operation.ts';
import { searchOrder } from '../../proof/history/search.ts';
import { Prng } from '../../src/base/prng.ts';
import { hasOrder } from './brute-force.ts';
import { mutate } from './mutate.ts';
import { BANK, type HistoryOptions, randomHistory } from './random-history.ts';

const KINDS: readonly ObjectKind[] = ['register', 'list', 'bank'];
const CONFIGURATIONS_MAX = 20_000;

function of(kind: ObjectKind, operations: number, rest: Partial<HistoryOptions>): HistoryOptions {
  const workload = { kinds: [kind], objects: 1, actionsPerObject: operations };
  return { operations, workload, spread: 5, unknown: 0.1, positions: false, ...rest };
}

for (const kind of KINDS) {
  test(`a sequential run of ${kind} operations stays linearizable when they overlap`, () => {
    for (let seed = 0; seed < 60; seed++) {
      const prng = new Prng(seed);
      const spread = prng.between(0, 8);
      const positions = prng.chance(0.5);
      const history = randomHistory(seed, of(kind, 100, { spread, positions }));
      const { violation, undecided } = checkLinearizability(history, { bank: BANK });
      assert.deepEqual(
        { violation, undecided },
        { violation: null, undecided: [] },
        `seed ${seed}`,
      );
    }
  });

  test(`short ${kind} histories, right and wrong, are judged as by trying all orders`, () => {
    let wrong = 0;
    for (let seed = 0; seed < 1500; seed++) {
      const prng = new Prng(seed);
      const operations = prng.between(2, 7);
      const spread = prng.between(0, 4);
      const unknown = prng.between(0, 2) / 5;
      const right = randomHistory(seed, of(kind, operations, { spread, unknown }));
      for (const history of [right, mutate(right, prng)]) {
        const expected = hasOrder(history, modelOf(kind, BANK));
        if (!expected) wrong++;
        const { violation } = checkLinearizability(history, { bank: BANK });
        assert.equal(violation === null, expected, `seed ${seed}`);
        if (history === right) assert.ok(expected, `seed ${seed}`);
      }
    }
    assert.ok(wrong > 100, `only ${wrong} histories were wrong`);
  });
}

test('for lists, the direct way and the search agree', () => {
  const decided = { ordered: 0, impossible: 0 };
  for (let seed = 0; seed < 600; seed++) {
    const prng = new Prng(seed);
    const positions = prng.chance(0.5);
    const right = randomHistory(seed, of('list', 14, { spread: prng.between(0, 5), positions }));
    for (const history of [right, mutate(right, prng)]) {
      const direct = orderList(history);
      if (direct === null) continue;
      const found = searchOrder(history, modelOf('list', BANK), CONFIGURATIONS_MAX);
      if (found.kind === 'undecided') continue;
      assert.equal(direct, found.kind, `seed ${seed}`);
      decided[direct]++;
    }
  }
  assert.ok(decided.ordered > 300 && decided.impossible > 100, JSON.stringify(decided));
});

test('an explanation of a wrong history is a wrong history itself', () => {
  let explained = 0;
  for (let seed = 0; seed < 200; seed++) {
    const history = mutate(randomHistory(seed, of('register', 30, {})), new Prng(seed));
    const { violation } = checkLinearizability(history);
    if (violation === null) continue;
    explained++;
    const lines = violation.explanation.slice(1);
    assert.ok(lines.length >= 1 && lines.length <= 12, `seed ${seed}: ${lines.join('\n')}`);
  }
  assert.ok(explained > 30, `only ${explained}`);
});

test('10,000 operations of ten clients on ten objects are decided', () => {
  for (const kind of KINDS) {
    const workload = { kinds: [kind], objects: 10, actionsPerObject: 1000, banks: 10 };
    const options = { operations: 10_000, workload, spread: 5, unknown: 0, positions: false };
    const result = checkLinearizability(randomHistory(7, options), { bank: BANK });
    const { violation, undecided, operations, objects } = result;
    assert.deepEqual({ violation, undecided }, { violation: null, undecided: [] }, kind);
    assert.equal(operations, 10_000);
    assert.ok(objects >= 10);
  }
});

test('histories with every fifth outcome unknown are decided, the wrong ones mostly, too', () => {
  let undecided = 0;
  for (const kind of KINDS)
    for (let seed = 0; seed < 6; seed++) {
      const right = randomHistory(seed, of(kind, 120, { unknown: 0.2, positions: true }));
      assert.deepEqual(checkLinearizability(right, { bank: BANK }).undecided, []);
      const wrong = mutate(right, new Prng(seed));
      const options = { bank: BANK, configurationsMax: 5000 };
      undecided += checkLinearizability(wrong, options).undecided.length;
    }
  assert.ok(undecided <= 4, `${undecided} of ${6 * KINDS.length} undecided`);
});

test('where the whole is past the bound, what is wrong at its beginning is found all the same', () => {
  const history = randomHistory(3, of('bank', 120, { unknown: 0.5, positions: true }));
  const first = history.findIndex(({ action }) => action.kind === 'balances');
  const read = history[first]!;
  const observed = [BANK.balance + 1, BANK.balance, BANK.balance];
  const wrong = history.with(first, { ...read, outcome: { kind: 'ok', observed } });
  const { violation } = checkLinearizability(wrong, { bank: BANK, configurationsMax: 2000 });
  assert.equal(violation?.broken, 'linearizable (bank 0)');
});

test('operations of unknown outcome in every tenth place are decided', () => {
  const workload = { kinds: KINDS, objects: 3, actionsPerObject: 120, banks: 24 };
  const options = { operations: 6000, workload, spread: 5, unknown: 0.1, positions: true };
  const history: Operation[] = randomHistory(11, options);
  const { violation, undecided } = checkLinearizability(history, { bank: BANK });
  assert.deepEqual({ violation, undecided }, { violation: null, undecided: [] });
});
