import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFromJson, errorToJson } from '../../src/api/error-json.ts';
import { ERROR_CODES, type ErrorCode, PacelineError } from '../../src/base/errors.ts';

test('every code crosses HTTP with its category', () => {
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const json = JSON.parse(JSON.stringify(errorToJson(new PacelineError(code, 'words'))));
    assert.deepEqual(json, { code, category: ERROR_CODES[code], message: 'words' });
    const again = errorFromJson(json);
    assert.deepEqual([again?.code, again?.message], [code, 'words']);
  }
});

test('SQLite’s own words and the statement’s number cross, too', () => {
  const sqlite = { code: 'SQLITE_CONSTRAINT', errcode: 2067 };
  const error = new PacelineError('SQL', 'words', { sqlite, statementIndex: 0 });
  const again = errorFromJson(JSON.parse(JSON.stringify(errorToJson(error))));
  assert.deepEqual([again?.sqlite, again?.statementIndex], [sqlite, 0]);
});

test('what is not an error of Paceline is none', () => {
  const others = [null, 'SQL', [], {}, { code: 'SQL' }, { code: 5, message: 'words' }];
  for (const json of [...others, { code: 'constructor', message: 'words' }])
    assert.equal(errorFromJson(json), null);
});
