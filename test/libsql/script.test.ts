import assert from 'node:assert/strict';
import { test } from 'node:test';
import { transactionsOf } from '../../src/libsql/script.ts';

function statementsIn(script: string): string[][] {
  return transactionsOf(script).map((one) => one.map(({ sql }) => sql));
}

test('each statement of a script is a transaction, and what is between BEGIN and COMMIT one', () => {
  const script = 'a; begin immediate; b; c; commit; /* x */ d; BEGIN; END TRANSACTION;; e -- last';
  assert.deepEqual(statementsIn(script), [['a'], ['b', 'c'], ['d'], ['e -- last']]);
  assert.deepEqual(statementsIn(' -- nothing\n;'), []);
});

test('foreign keys that a script switches off stay so until it switches them on', () => {
  const script = `PRAGMA foreign_keys=OFF; a; BEGIN; b; c; COMMIT; BEGIN; COMMIT;
    pragma foreign_keys = 1; d; BEGIN; PRAGMA foreign_keys=off; e; END`;
  const off = 'PRAGMA foreign_keys=off';
  assert.deepEqual(statementsIn(script), [
    [off, 'a'],
    [off, 'b', 'c'],
    ['d'],
    ['PRAGMA foreign_keys=off', 'e'],
  ]);
});

test('each statement bears its number in the script', () => {
  const script = 'PRAGMA foreign_keys=OFF; a; BEGIN; b; c; COMMIT; d';
  const places = transactionsOf(script).map((one) => one.map(({ at }) => at));
  assert.deepEqual(places, [
    [0, 1],
    [0, 3, 4],
    [0, 6],
  ]);
});

test('a script whose transactions do not fit one another is refused as a whole', () => {
  for (const script of ['BEGIN; a', 'a; COMMIT', 'BEGIN; BEGIN; COMMIT'])
    assert.throws(() => transactionsOf(script), { code: 'REQUEST_INVALID' }, script);
});
