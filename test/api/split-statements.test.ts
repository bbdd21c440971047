import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBlankSql, splitStatements } from '../../src/api/split-statements.ts';

test('a semicolon ends a statement', () => {
  const { statements, rest } = splitStatements('SELECT 1; SELECT\n2 ;SELECT 3');
  assert.deepEqual(statements, ['SELECT 1', 'SELECT\n2']);
  assert.equal(rest, 'SELECT 3');
});

test('a semicolon in quotes or a comment does not', () => {
  const one = `SELECT ';', ";", \`;\`, [;], 'it''s;' -- ;\n /* ; */`;
  assert.deepEqual(splitStatements(`${one};`), { statements: [one], rest: '' });
});

test('a quote or comment left open keeps the statement open', () => {
  for (const open of [
    "SELECT ';",
    'SELECT ";',
    'SELECT `;',
    'SELECT [;',
    'SELECT /* ;',
    "x 'a''; ",
  ])
    assert.deepEqual(splitStatements(open), { statements: [], rest: open });
});

test('the statements inside a trigger belong to it', () => {
  const trigger = 'CREATE TEMP TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END';
  assert.deepEqual(splitStatements(`${trigger}; SELECT 3;`).statements, [trigger, 'SELECT 3']);
  assert.deepEqual(splitStatements(trigger).statements, []);
  const table = 'CREATE TABLE trigger_log(x)';
  assert.deepEqual(splitStatements(`${table};`).statements, [table]);
});

test('empty statements and comments are left out', () => {
  assert.deepEqual(splitStatements(';; -- nothing\n ; /* */;'), { statements: [], rest: '' });
  assert.ok(isBlankSql(' \n-- x\n/* y */'));
  assert.ok(!isBlankSql('-- x\nSELECT'));
});

test('nothing is lost, whatever is typed', () => {
  const piece = fc.constantFrom(
    ';',
    "'",
    '"',
    '--',
    '\n',
    '/*',
    '*/',
    'a',
    ' ',
    '[',
    ']',
    'END',
    'é',
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const text = pieces.join('');
      const { statements, rest } = splitStatements(text);
      let at = 0;
      for (const statement of statements) {
        const found = text.indexOf(statement, at);
        assert.ok(found >= at);
        at = found + statement.length;
      }
      assert.ok(text.endsWith(rest));
      assert.ok(text.length - rest.length >= at);
    }),
  );
});
