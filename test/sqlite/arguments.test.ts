import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkArgs, checkStatement } from '../../src/api/check.ts';
import type { SqlArgs } from '../../src/api/value.ts';
import { codes, EngineFixture, errorOf, resultsOf } from './fixture.ts';

const leader = new EngineFixture();
leader.lead();
leader.run('CREATE TABLE t(a, b)');

const RIGHT: readonly (readonly [sql: string, args: SqlArgs | undefined, rows: unknown[]])[] = [
  ['SELECT 1', undefined, [1]],
  ['SELECT 1', [], [1]],
  ['SELECT 1', {}, [1]],
  ['SELECT ?, ?', [1, 2], [1, 2]],
  ['SELECT ?2, ?1', [1, 2], [2, 1]],
  ['SELECT ?3', [1, 2, 3], [3]],
  ['SELECT ?1, ?1', [1], [1, 1]],
  ['SELECT ?2, ?', [1, 2, 3], [2, 3]],
  ['SELECT :a, @b, $c', { a: 1, b: 2, c: 3 }, [1, 2, 3]],
  ['SELECT :a, @b, $c', { ':a': 1, '@b': 2, $c: 3 }, [1, 2, 3]],
  ['SELECT :a, :a', { a: 1 }, [1, 1]],
  ['SELECT :naïve', { naïve: 1 }, [1]],
  ["SELECT '?', '? it''s :a', \":b\" FROM (SELECT 2 AS \":b\")", [], ['?', "? it's :a", 2]],
  ['SELECT ? -- and ? and :a\n, ?', [1, 2], [1, 2]],
  ['SELECT /* ? :a */ ? /* ?', [1], [1]],
  ['SELECT [?], `@a` FROM (SELECT 1 AS [?], 2 AS `@a`)', [], [1, 2]],
  ["SELECT '{\"a\":5}' ->> '$.a', ?", [1], [5, 1]],
  ["SELECT x'3f', 1e5, ?", [1], [new Uint8Array([0x3f]), 100000, 1]],
  ['SELECT a$b, ? FROM (SELECT 1 AS a$b)', [2], [1, 2]],
];

for (const [sql, args, rows] of RIGHT)
  test(`takes ${JSON.stringify(args)} for: ${sql}`, () => {
    const [outcome] = leader.runWrites([
      { statements: [args === undefined ? { sql } : { sql, args }], id: null },
    ]);
    assert.deepEqual(resultsOf(outcome)[0]!.rows, [rows]);
  });

const WRONG: readonly (readonly [sql: string, args: SqlArgs | undefined, message: RegExp])[] = [
  ['SELECT ?', undefined, /1 parameters, 0 arguments/],
  ['SELECT ?, ?', [1], /2 parameters, 1 arguments/],
  ['SELECT ?', [1, 2], /1 parameters, 2 arguments/],
  ['SELECT 1', [1], /0 parameters, 1 arguments/],
  ['SELECT ?3', [1, 2], /3 parameters, 2 arguments/],
  ["SELECT '?'", [1], /0 parameters/],
  ['SELECT 1 -- ?', [1], /0 parameters/],
  ['SELECT ?', { a: 1 }, /pass an array/],
  ['SELECT :a', [1], /named parameters \(:a\): pass an object/],
  ['SELECT :a', undefined, /named parameters/],
  ['SELECT :a, :b', { a: 1 }, /no argument was given for :b/],
  ['SELECT :a', { a: 1, b: 2 }, /no parameter named b/],
  ['SELECT :a', { A: 1 }, /no argument was given for :a/],
  ['SELECT ?, :a', [1, 2], /named parameters/],
  ['SELECT ?, :a', { a: 1 }, /pass an array/],
  ['SELECT 1', { a: 1 }, /no parameter named a/],
];

for (const [sql, args, message] of WRONG)
  test(`refuses ${JSON.stringify(args)} for: ${sql}`, () => {
    const [outcome] = leader.runWrites([
      { statements: [args === undefined ? { sql } : { sql, args }], id: null },
    ]);
    assert.equal(errorOf(outcome).code, 'ARGUMENTS_INVALID');
    assert.match(errorOf(outcome).message, message);
  });

test('a write with a wrong count changes nothing, and the others in its batch succeed', () => {
  const before = leader.engine.position.index;
  assert.deepEqual(
    codes(
      leader.run(['INSERT INTO t VALUES (?, ?)', [1]], ['INSERT INTO t VALUES (?, ?)', [1, 2]]),
    ),
    ['ARGUMENTS_INVALID', 'ok'],
  );
  assert.equal(leader.engine.position.index, before + 1);
  assert.deepEqual(leader.all('SELECT a, b FROM t'), [{ a: 1, b: 2 }]);
});

const UNSTORABLE: readonly (readonly [value: unknown, message: RegExp])[] = [
  [Number.NaN, /argument 1 is NaN.*use null/],
  [Symbol('s'), /argument 1 is a symbol/],
  [() => 1, /argument 1 is a function/],
  [true, /argument 1 is a boolean.*use 1 or 0/],
  [undefined, /argument 1 is a undefined|argument 1 is undefined/],
  [new Date(), /argument 1 is Date/],
  [[1], /argument 1 is an array/],
  [{}, /argument 1 is Object/],
  [2n ** 63n, /argument 1 does not fit 64 bits/],
  [-(2n ** 63n) - 1n, /argument 1 does not fit 64 bits/],
  [new Float64Array(1), /argument 1 is Float64Array/],
  [new ArrayBuffer(1), /argument 1 is ArrayBuffer/],
];

for (const [value, message] of UNSTORABLE)
  test(`an argument that cannot be stored is refused: ${String(message)}`, () => {
    const refused = { code: 'ARGUMENTS_INVALID', category: 'rejected', message };
    assert.throws(() => checkArgs([value]), refused);
    assert.throws(() => checkArgs({ 1: value }), refused);
  });

test('arguments are an array or an object, nothing else', () => {
  for (const args of [1, 'a', null, new Uint8Array(1), true])
    assert.throws(() => checkArgs(args), { code: 'ARGUMENTS_INVALID', message: /array .*object/ });
  for (const args of [undefined, [], {}, [1, null, 'a', 1n, new Uint8Array(1)], { a: 1 }])
    checkArgs(args);
});

test('a statement that is no text, or too long, is refused', () => {
  for (const statement of [null, undefined, {}, { sql: 1 }, 'SELECT 1'])
    assert.throws(() => checkStatement(statement, 100), { code: 'REQUEST_INVALID' });
  assert.throws(() => checkStatement({ sql: ' '.repeat(101) }, 100), { code: 'REQUEST_TOO_LARGE' });
  checkStatement({ sql: ' '.repeat(100) }, 100);
});
