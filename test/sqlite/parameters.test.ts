import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { DatabaseSync } from '../../src/sqlite/binding.ts';
import { parametersOf } from '../../src/sqlite/parameters.ts';

/** Pieces of SQL that say nothing about parameters, however much they look like it. */
const INERT = [
  "'?'",
  "':a''@b'",
  '"?"',
  '"a""$b"',
  '`?`',
  '[?:a]',
  '-- ? :a $b\n',
  '/* ? :a */',
  '/* - * ? */',
  'abc',
  'a$b',
  'a1',
  '1.5e3',
  "x'3f3f'",
  '->>',
  '<=',
  '(',
  ',',
  'naïve',
];
const PARAMETERS = [
  '?',
  '?1',
  '?7',
  '?12',
  ':a',
  ':b1',
  '@a',
  '@_x',
  '$c',
  '$c::d',
  '$c(x)',
  ':naïve',
];

const piece = fc.oneof(
  fc.constantFrom(...INERT).map((text) => ({ text, parameter: false })),
  fc.constantFrom(...PARAMETERS).map((text) => ({ text, parameter: true })),
);

test('parameters are counted as SQLite numbers them, whatever stands around them', () => {
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      let count = 0;
      const names: string[] = [];
      for (const { text } of pieces.filter((p) => p.parameter)) {
        if (text === '?') count++;
        else if (text.startsWith('?')) count = Math.max(count, Number(text.slice(1)));
        else if (!names.includes(text)) {
          names.push(text);
          count++;
        }
      }
      assert.deepEqual(parametersOf(pieces.map((p) => p.text).join(' ')), { count, names });
    }),
    { numRuns: 2000 },
  );
});

test('SQLite agrees on the highest number: it takes that many values and not one more', () => {
  const db = new DatabaseSync(':memory:');
  const expression = fc.constantFrom("'?'", '1', '/* :a ? */ 2', '"?"', '?', '?1', '?3', '?9');
  fc.assert(
    fc.property(fc.array(expression, { minLength: 1, maxLength: 8 }), (expressions) => {
      const sql = `SELECT ${expressions.join(', ')} FROM (SELECT 0 AS "?")`;
      const { count } = parametersOf(sql);
      const values = Array.from({ length: count }, (_, i) => i + 1);
      db.prepare(sql).all(...values);
      assert.throws(() => db.prepare(sql).all(...values, 1), /range/);
    }),
    { numRuns: 500 },
  );
});

/** Before it was linear, the first of these took half an hour. */
test('what is not closed is passed over once, and a string may be as long as a text', () => {
  for (const piece of ['[', '$a(', '"', "'", '`', '/*'])
    assert.equal(parametersOf(piece.repeat(2 ** 20)).count, piece === '$a(' ? 1 : 0, piece);
  const text = 'x'.repeat(2 ** 24);
  for (const sql of [`'${text}', ?`, `"${text}", ?`, `[${text}], ?`, `/*${text}*/ ?`])
    assert.equal(parametersOf(sql).count, 1);
  assert.equal(parametersOf("'it''s ?' || ?").count, 1);
});
