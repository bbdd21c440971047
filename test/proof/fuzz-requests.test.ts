/**
 * What clients send: values and requests as JSON, and bodies over HTTP; and what the client reads of an answer. FUZZ_FACTOR=100 runs a
 * hundred times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkArgs, checkStatement } from '../../src/api/check.ts';
import { errorFromJson } from '../../src/api/error-json.ts';
import { argsFromJson, argsToJson, valueFromJson, valueToJson } from '../../src/api/json.ts';
import {
  batchResultFromJson,
  executeResultFromJson,
  queryResultFromJson,
  statusFromJson,
} from '../../src/api/result-json.ts';
import { ERROR_CODES } from '../../src/base/errors.ts';
import { startHttp } from '../../src/server/http.ts';
import { HTTP_DEFAULTS } from '../../src/server/options.ts';
import { makeRequestParsers } from '../../src/server/requests.ts';
import { checkParameters, parametersOf } from '../../src/sqlite/parameters.ts';
import { PlainDatabase } from '../server/plain-database.ts';
import { tried } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

/** JSON with the keys that mean something here, so that it is often nearly right. */
const key = fc.constantFrom(
  'sql',
  'args',
  'statements',
  'id',
  'timeoutMs',
  '$blob',
  '$integer',
  '$real',
  'columns',
  'rows',
  'changes',
  'lastInsertRowid',
  'position',
  'term',
  'index',
  'results',
  'code',
  'message',
  'sqlite',
  'errcode',
  '__proto__',
  'constructor',
  'members',
  'role',
);
const leaf = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    'SELECT 1',
    'SELECT ?',
    '',
    'AA==',
    '1e400',
    '-0',
    'SQL',
    2 ** 53,
    1e308,
    -0,
    'Infinity',
  ),
  fc.string({ maxLength: 12 }),
  fc.double(),
  fc.integer(),
);
const { json } = fc.letrec((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie('json'), { maxLength: 4 }),
    fc.dictionary(key, tie('json'), { maxKeys: 5 }),
  ),
}));

const parsers = makeRequestParsers(HTTP_DEFAULTS);
const REQUEST = ['REQUEST_INVALID', 'ARGUMENTS_INVALID', 'REQUEST_TOO_LARGE'] as const;

test('any JSON as a request is a request, or refused by its place', () => {
  const property = fc.property(json, (body) => {
    for (const parse of [parsers.execute, parsers.batch, parsers.query])
      tried(() => parse(body), REQUEST);
    tried(() => checkStatement(body, 1000), REQUEST);
    tried(() => checkArgs(body), REQUEST);
  });
  fc.assert(property, parameters(3000));
});

test('any JSON as values is what it is written back as, or refused', () => {
  const property = fc.property(json, (body) => {
    const value = tried(() => valueFromJson(body), ['ARGUMENTS_INVALID']);
    if (value !== null) assert.deepEqual(valueFromJson(valueToJson(value.value)), value.value);
    const args = tried(() => argsFromJson(body), ['ARGUMENTS_INVALID']);
    if (args !== null) assert.deepEqual(argsFromJson(argsToJson(args.value)), args.value);
  });
  fc.assert(property, parameters(3000));
});

test('any JSON as an answer is a result, or damage; as an error, one of ours or none', () => {
  const property = fc.property(json, (body) => {
    for (const read of [
      queryResultFromJson,
      executeResultFromJson,
      batchResultFromJson,
      statusFromJson,
    ])
      tried(() => read(body), ['RECORD_DAMAGED']);
    const error = errorFromJson(body);
    if (error !== null)
      assert.ok(Object.hasOwn(ERROR_CODES, error.code) && error.category !== undefined);
  });
  fc.assert(property, parameters(3000));
});

test('any text as SQL has parameters that can be counted, in time that its length bounds', () => {
  const piece = fc.constantFrom(
    "'",
    '"',
    '`',
    '[',
    ']',
    '--',
    '/*',
    '*/',
    '?',
    '?1',
    '?99',
    ':a',
    '@b',
    '$c::d(',
    ')',
    ' ',
    '\n',
    'x',
    '1',
    ';',
    '🚲',
    'NULL',
    '#',
  );
  const property = fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
    const sql = pieces.join('');
    const found = parametersOf(sql);
    assert.ok(found.count >= found.names.length);
    tried(() => checkParameters(found, []), ['ARGUMENTS_INVALID']);
  });
  fc.assert(property, parameters(3000));
});

test('any body over HTTP gets an answer of JSON with a code, and none of them says that it is our fault', async () => {
  const database = new PlainDatabase();
  const server = await startHttp(database, { listen: '127.0.0.1:0', bodyBytesMax: 2000 });
  const valid = fc.constantFrom(
    '{"sql":"SELECT ?, ?","args":[{"$blob":"AAH/"},"é"]}',
    '{"statements":[{"sql":"CREATE TABLE IF NOT EXISTS t(x)"},{"sql":"INSERT INTO t VALUES(:a)","args":{"a":1}}],"id":"x"}',
  );
  const body = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((some) => Buffer.from(some)),
    fc
      .tuple(valid, edits)
      .map(([some, changes]) => Buffer.from(damaged(Buffer.from(some), changes))),
    json.map((some) => Buffer.from(JSON.stringify(some) ?? '')),
    fc.constant(Buffer.alloc(3000, '[')),
    fc.constant(Buffer.from('['.repeat(1900))),
  );
  const property = fc.asyncProperty(
    fc.constantFrom('/execute', '/batch', '/query'),
    body,
    async (path, some) => {
      const response = await fetch(`http://${server.address}${path}`, {
        method: 'POST',
        body: some,
      });
      const answer = (await response.json()) as { code?: string };
      assert.ok(response.status < 500, `${response.status} ${JSON.stringify(answer)}`);
      if (response.status !== 200)
        assert.ok(Object.hasOwn(ERROR_CODES, answer.code ?? ''), JSON.stringify(answer));
    },
  );
  try {
    await fc.assert(property, parameters(250));
  } finally {
    await server.close();
    await database.close();
  }
});
