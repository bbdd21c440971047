/** What comes as text: tokens, values, requests and answers as JSON, addresses, settings. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { decodeBase64 } from '../../../src/api/base64.ts';
import { errorFromJson } from '../../../src/api/error-json.ts';
import { argsFromJson, valueFromJson } from '../../../src/api/json.ts';
import {
  batchResultFromJson,
  executeResultFromJson,
  queryResultFromJson,
  statusFromJson,
  tokenFromJson,
} from '../../../src/api/result-json.ts';
import { decodeToken } from '../../../src/api/token.ts';
import { parseAddress } from '../../../src/base/address.ts';
import { decodeUtf8, encodeUtf8 } from '../../../src/base/utf8.ts';
import { readSecretFile } from '../../../src/cli/secret-file.ts';
import { parseNumber, parsePairs, resolveServeConfig } from '../../../src/cli/serve-config.ts';
import { layoutOf, readIdentity } from '../../../src/member/directory.ts';
import { HTTP_DEFAULTS } from '../../../src/server/options.ts';
import { makeRequestParsers } from '../../../src/server/requests.ts';
import { scratchDirectory } from '../../log-store/scratch.ts';
import { type Decoder, ignoreRefusal, reader } from './decoder.ts';

function utf8(...texts: readonly string[]): fc.Arbitrary<Uint8Array> {
  return fc.constantFrom(...texts).map(encodeUtf8);
}

/** What is no JSON never gets as far as `read`. */
function ofJson(some: Uint8Array, read: (json: unknown) => unknown): void {
  let json: unknown;
  try {
    json = JSON.parse(decodeUtf8(some));
  } catch {
    return;
  }
  read(json);
}

const STATEMENT = '"sql":"SELECT ?","args":[{"$blob":"AAH/"},{"$integer":"9"},"é"]';
const RECEIPT =
  '"position":{"term":1,"index":2},"id":"x","reached":{"committed":true,"members":["a"]},"elapsedMs":1';
const RESULT = '"columns":["a"],"rows":[[{"$real":"-0"}]],"changes":1,"lastInsertRowid":3';
const requests = makeRequestParsers(HTTP_DEFAULTS);

/** A file of this content, at the same path each time. */
function file(name: string): (some: Uint8Array) => string {
  let path: string | null = null;
  return (some) => {
    path ??= join(scratchDirectory(), name);
    writeFileSync(path, some);
    return path;
  };
}

const config = file('config.json');
const secret = file('secret');
const identity = file('member.json');

export const TEXTS: readonly Decoder<unknown>[] = [
  reader({
    name: 'the decoder of tokens',
    of: ['api/token.ts decodeToken', 'api/result-json.ts tokenFromJson'],
    valid: utf8('p1.zz', 'p0.0'),
    codes: ['TOKEN_INVALID'],
    read: (some) => decodeToken(decodeUtf8(some)),
  }),
  reader({
    name: 'the decoder of base64',
    of: ['api/base64.ts decodeBase64', 'base/utf8.ts decodeUtf8'],
    valid: utf8('AAH/', 'aGk='),
    read: (some) => decodeBase64(decodeUtf8(some)),
  }),
  reader({
    name: 'the decoder of addresses',
    of: ['base/address.ts parseAddress'],
    valid: utf8('127.0.0.1:7', '[::1]:80'),
    codes: ['OPTIONS_INVALID'],
    read: (some) => parseAddress(decodeUtf8(some)),
  }),
  reader({
    name: 'the decoder of values',
    of: ['api/json.ts valueFromJson', 'api/json.ts argsFromJson'],
    valid: utf8('[1,null,{"$integer":"9223372036854775807"},{"$blob":"aGk="}]', '{"a":1e15}'),
    codes: ['ARGUMENTS_INVALID'],
    read: (some) =>
      ofJson(some, (json) => {
        argsFromJson(json);
        for (const one of Object.values(json as object)) valueFromJson(one);
      }),
  }),
  reader({
    name: 'the parser of requests',
    of: [],
    valid: utf8(
      `{${STATEMENT},"id":"x","durability":["a"],"timeoutMs":5}`,
      `{${STATEMENT},"level":"bounded","maxLagMs":5,"after":"p1.5"}`,
      `{"statements":[{${STATEMENT}}],"durability":2}`,
    ),
    read: (some) =>
      ofJson(some, (json) => {
        for (const parse of [requests.batch, requests.query, requests.execute])
          ignoreRefusal(() => parse(json));
      }),
  }),
  ...(
    [
      ['queries', 'queryResultFromJson', queryResultFromJson, `{${RESULT}}`],
      ['writes', 'executeResultFromJson', executeResultFromJson, `{${RESULT},${RECEIPT}}`],
      [
        'batches',
        'batchResultFromJson',
        batchResultFromJson,
        `{"results":[{${RESULT}}],${RECEIPT}}`,
      ],
      ['tokens', 'tokenFromJson', tokenFromJson, '{"token":"p1.5"}'],
      ['status', 'statusFromJson', statusFromJson, '{"id":"a","role":"leader","members":[]}'],
    ] as const
  ).map(([what, name, read, valid]) =>
    reader({
      name: `the decoder of answers to ${what}`,
      of: [`api/result-json.ts ${name}`],
      valid: utf8(valid),
      codes: ['RECORD_DAMAGED', 'TOKEN_INVALID'],
      read: (some) => ofJson(some, read),
    }),
  ),
  reader({
    name: 'the decoder of errors over HTTP',
    of: ['api/error-json.ts errorFromJson'],
    valid: utf8('{"code":"SQL","message":"m","sqlite":{"code":"c","errcode":1}}'),
    read: (some) => ofJson(some, errorFromJson),
  }),
  reader({
    name: 'the reader of config files',
    of: ['cli/serve-config.ts resolveServeConfig'],
    valid: utf8('{"dir":"d","id":"a","members":{"a":"h:1"},"batchMs":2,"durability":2}'),
    codes: ['OPTIONS_INVALID'],
    read: (some) => resolveServeConfig({ dir: 'd', id: 'a' }, config(some)),
  }),
  reader({
    name: 'the reader of settings',
    of: ['cli/serve-config.ts parsePairs'],
    valid: utf8('a=1', 'b=h:1'),
    codes: ['OPTIONS_INVALID'],
    read: (some) => parsePairs([decodeUtf8(some), 'x=1'], 'NAME=VALUE'),
  }),
  reader({
    name: 'the reader of numbers',
    of: ['cli/serve-config.ts parseNumber'],
    valid: utf8('17', '-0.5e3'),
    codes: ['OPTIONS_INVALID'],
    read: (some) => parseNumber('--set NAME', decodeUtf8(some)),
  }),
  reader({
    name: 'the reader of secret files',
    of: ['cli/secret-file.ts readSecretFile'],
    valid: utf8('0123456789abcdef0123456789abcdef\n'),
    codes: ['OPTIONS_INVALID'],
    read: (some) => readSecretFile(secret(some), () => {}),
  }),
  reader({
    name: 'the reader of member.json',
    of: ['member/directory.ts readIdentity'],
    valid: utf8('{"format":1,"cluster":"c","id":"a"}'),
    codes: ['IO', 'DIRECTORY_OF_ANOTHER'],
    read: (some) => {
      const path = identity(some);
      const wanted = { format: 1, cluster: 'c', id: 'a' };
      readIdentity({ ...layoutOf(join(path, '..')), identity: path }, wanted);
    },
  }),
];
