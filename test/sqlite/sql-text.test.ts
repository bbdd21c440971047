import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstKeyword, isBlankFrom } from '../../src/api/sql-text.ts';
import { codes, EngineFixture } from './fixture.ts';

const blank = fc.constantFrom(' ', '\t', '\n', '\r\n', '-- VACUUM;\n', '/* ; a */', '/**/');
const blanks = fc.array(blank).map((parts) => parts.join(''));

test('blanks, comments and semicolons are nothing to run', () => {
  const nothing = fc.array(fc.oneof(blank, fc.constant(';'))).map((parts) => parts.join(''));
  fc.assert(fc.property(nothing, (text) => assert.equal(isBlankFrom(text, 0), true)));
  fc.assert(fc.property(nothing, (text) => assert.equal(isBlankFrom(`${text}x`, 0), false)));
  for (const text of ['-- to the end', '/* open', '/* open *', ''])
    assert.equal(isBlankFrom(text, 0), true, text);
  for (const text of ['-', '/', '- -', "''", '0', '*/'])
    assert.equal(isBlankFrom(text, 0), false, text);
});

test('the first keyword is found behind blanks and comments', () => {
  fc.assert(
    fc.property(blanks, fc.constantFrom('vacuum', 'VACUUM', 'VaCuUm'), (before, word) =>
      assert.equal(firstKeyword(`${before}${word} INTO 'x'`), 'VACUUM'),
    ),
  );
  assert.equal(firstKeyword('(SELECT 1)'), '');
  assert.equal(firstKeyword(''), '');
});

test('a text of more than one statement is refused and none of it runs', () => {
  const leader = new EngineFixture();
  leader.lead();
  const before = leader.engine.checksum;
  for (const sql of [
    'CREATE TABLE a(x); CREATE TABLE b(x)',
    'CREATE TABLE a(x);;x',
    'SELECT 1; -- and\nSELECT 2',
    'CREATE TABLE a(x) ; /* */ nonsense',
  ])
    assert.deepEqual(codes(leader.run(sql)), ['STATEMENTS_MANY'], sql);
  for (const sql of ['', ' ', ';', ' ; -- nothing', '/* nothing'])
    assert.deepEqual(codes(leader.run(sql)), ['STATEMENT_EMPTY'], sql);
  assert.deepEqual(leader.engine.checksum, before);
});

test('a semicolon and a comment may end a statement, and stand inside one', () => {
  const leader = new EngineFixture();
  leader.lead();
  for (const sql of [
    ' /* first */ CREATE TABLE a(x); -- done',
    'CREATE TRIGGER tr AFTER INSERT ON a BEGIN UPDATE a SET x = 1; DELETE FROM a WHERE x = 2; END;',
    "INSERT INTO a VALUES (';;')",
    '/* 🚴 naïve */ SELECT 1;',
  ])
    assert.deepEqual(codes(leader.run(sql)), ['ok'], sql);
});
