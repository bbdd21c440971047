import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorFromJson, errorToJson } from '../../src/api/error-json.ts';
import type { ExecuteResult } from '../../src/api/request.ts';
import {
  batchResultFromJson,
  batchResultToJson,
  executeResultFromJson,
  executeResultToJson,
  queryResultFromJson,
  statusFromJson,
} from '../../src/api/result-json.ts';
import { PacelineError } from '../../src/base/errors.ts';

const RESULT: ExecuteResult = {
  columns: ['a', 'a'],
  rows: [
    [1, null],
    [2n ** 60n, new Uint8Array([0, 255])],
    [-0.5, 'x'],
  ],
  changes: 3,
  lastInsertRowid: 2n ** 62n,
  position: { term: 4, index: 17 },
  id: 'request',
  reached: { committed: true, members: ['a', 'b'] },
  elapsedMs: 1.5,
};

const overTheWire = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

test('results come back from JSON text as they were', () => {
  assert.deepEqual(executeResultFromJson(overTheWire(executeResultToJson(RESULT))), RESULT);
  const { position, id, reached, elapsedMs, ...statement } = RESULT;
  const batch = { results: [statement, statement], position, id, reached, elapsedMs };
  assert.deepEqual(batchResultFromJson(overTheWire(batchResultToJson(batch))), batch);
});

test('an answer that Paceline would not give is refused as damaged', () => {
  const good = overTheWire(executeResultToJson(RESULT)) as Record<string, unknown>;
  const wrong = [
    null,
    [],
    { ...good, columns: [1] },
    { ...good, rows: [[1]] },
    { ...good, rows: [[1, true]] },
    { ...good, changes: -1 },
    { ...good, lastInsertRowid: 'x' },
    { ...good, position: { term: 1 } },
  ];
  const damaged = { code: 'RECORD_DAMAGED' };
  for (const json of wrong)
    assert.throws(() => executeResultFromJson(json), damaged, JSON.stringify(json));
  assert.throws(() => queryResultFromJson({ columns: [], rows: 3 }), damaged);
  assert.throws(() => batchResultFromJson({ results: [{}], position: {} }), damaged);
  assert.throws(() => statusFromJson({ id: 'a' }), damaged);
});

test('an error comes back with its code, category, message, SQLite detail and statement', () => {
  const sqlite = { code: 'SQLITE_CONSTRAINT', errcode: 2067 };
  const options = { sqlite, statementIndex: 3 };
  const error = new PacelineError('SQL', 'UNIQUE constraint failed: t.a', options);
  const back = errorFromJson(overTheWire(errorToJson(error)));
  assert.deepEqual(back?.toRecord(), error.toRecord());
  assert.equal(back?.category, 'rejected');
});

test('what is not an error of Paceline is not taken for one', () => {
  for (const json of [
    null,
    'x',
    {},
    { code: 'NOPE', message: 'x' },
    { code: 'toString', message: 'x' },
  ])
    assert.equal(errorFromJson(json), null, JSON.stringify(json));
});
