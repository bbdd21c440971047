/** What members forward to each other: writes, steps of transactions, reads, and what is answered. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type Durability,
  type Reached,
  readDurability,
  readReached,
  writeDurability,
  writeReached,
} from '../../../src/api/durability.ts';
import {
  decodeRead,
  decodeReadAnswer,
  encodeRead,
  encodeReadAnswer,
} from '../../../src/api/read-wire.ts';
import { decodeStep, encodeStep } from '../../../src/api/transaction-wire.ts';
import type { SqlValue } from '../../../src/api/value.ts';
import {
  decodeError,
  decodeResults,
  decodeWrite,
  encodeError,
  encodeResults,
  encodeWrite,
} from '../../../src/api/wire.ts';
import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import { ERROR_CODES, type ErrorCode } from '../../../src/base/errors.ts';
import * as wire from '../../../src/member/forward-wire.ts';
import { bytes, count, entryId, record, text, u32 } from './arbitraries.ts';
import { type Decoder, decoder } from './decoder.ts';

const value: fc.Arbitrary<SqlValue> = fc.oneof(
  fc.constant(null),
  fc.maxSafeInteger(),
  fc.constantFrom(2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n),
  fc.double({ noNaN: true }),
  text,
  bytes,
);
const args = fc.oneof(
  fc.array(value, { maxLength: 4 }),
  fc.dictionary(fc.constantFrom('a', 'b', 'constructor', 'x y'), value, { noNullPrototype: true }),
);

const result = fc.array(text, { maxLength: 3 }).chain((columns) =>
  record({
    columns: fc.constant(columns),
    rows:
      columns.length === 0
        ? fc.constant([])
        : fc.array(fc.array(value, { minLength: columns.length, maxLength: columns.length }), {
            maxLength: 3,
          }),
    changes: count,
    lastInsertRowid: fc.oneof(fc.maxSafeInteger(), fc.constant(2n ** 62n)),
  }),
);

const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));
const error = fc.oneof(
  record({ code, message: text }),
  record({ code, message: text, statementIndex: u32 }),
  record({ code, message: text, sqlite: record({ code: text, errcode: u32 }) }),
);
const durability: fc.Arbitrary<Durability> = fc.oneof(
  fc.constantFrom<Durability>('local', 'quorum', 'all'),
  u32,
  fc.array(text, { maxLength: 3 }),
);
const reached: fc.Arbitrary<Reached> = record({
  committed: fc.boolean(),
  members: fc.array(text, { maxLength: 3 }),
});
const answer = fc.oneof(record({ error }), record({ position: entryId, reached, results: bytes }));
const request: fc.Arbitrary<wire.ForwardRequest> = record({
  ...{ stream: count, seq: count },
  calls: fc.array(record({ key: count, timeoutMs: count, durability, bytes }), { maxLength: 3 }),
});
const reply: fc.Arbitrary<wire.ForwardReply> = fc.oneof(
  record({
    ...{ type: fc.constant('results' as const), stream: count, position: entryId, reached },
    done: fc.array(record({ key: count, results: bytes }), { maxLength: 3 }),
  }),
  record({ type: fc.constant('error' as const), stream: count, key: count, error }),
  record({ type: fc.constant('broken' as const), stream: count, seq: count }),
);
const options = fc.constantFrom(
  {},
  { level: 'strong' as const },
  { maxLagMs: 5, maxLagEntries: 6 },
  { level: 'eventual' as const, after: 'p1.5', timeoutMs: 1.5 },
);
const statements = fc.array(record({ sql: text, args }), { maxLength: 3 });

export const FORWARDING: readonly Decoder<unknown>[] = [
  decoder({
    name: 'the decoder of forwarded writes',
    of: ['api/wire.ts decodeWrite', 'api/wire.ts readStatements'],
    valid: record({
      asks: fc.boolean(),
      id: text,
      statements: statements,
    }),
    encode: encodeWrite,
    decode: decodeWrite,
  }),
  decoder({
    name: 'the decoder of results',
    of: ['api/wire.ts decodeResults'],
    valid: fc.array(result, { maxLength: 3 }),
    encode: encodeResults,
    decode: decodeResults,
  }),
  decoder({
    name: 'the decoder of errors',
    of: ['api/wire.ts decodeError'],
    valid: error,
    encode: encodeError,
    decode: decodeError,
    check: ({ code: found }) => assert.ok(Object.hasOwn(ERROR_CODES, found), `code ${found}`),
  }),
  decoder({
    name: 'the decoder of durabilities',
    of: ['api/durability.ts readDurability'],
    valid: durability,
    encode: (one) => writeDurability(new ByteWriter(), one).finish(),
    decode: (some) => readDurability(new ByteReader(some, 'durability')),
  }),
  decoder({
    name: 'the decoder of what a write reached',
    of: ['api/durability.ts readReached'],
    valid: reached,
    encode: (one) => writeReached(new ByteWriter(), one).finish(),
    decode: (some) => readReached(new ByteReader(some, 'reached')),
  }),
  decoder({
    name: 'the decoder of forwarded requests',
    of: ['member/forward-wire.ts decodeForward'],
    valid: request,
    encode: wire.encodeForward,
    decode: wire.decodeForward,
  }),
  decoder({
    name: 'the decoder of replies',
    of: ['member/forward-wire.ts decodeForwardReplies'],
    valid: fc.array(reply, { maxLength: 3 }),
    encode: wire.encodeForwardReplies,
    decode: wire.decodeForwardReplies,
  }),
  decoder({
    name: 'the decoder of requests of transactions',
    of: ['member/forward-wire.ts decodeTransactionRequest'],
    valid: record({ name: text, key: count, durability, bytes }),
    encode: wire.encodeTransactionRequest,
    decode: wire.decodeTransactionRequest,
  }),
  decoder({
    name: 'the decoder of replies to transactions',
    of: ['member/forward-wire.ts decodeTransactionReply'],
    valid: record({ name: text, key: fc.option(count), answer }),
    encode: wire.encodeTransactionReply,
    decode: wire.decodeTransactionReply,
    check: () => {},
  }),
  decoder({
    name: 'the decoder of steps of transactions',
    of: ['api/transaction-wire.ts decodeStep'],
    valid: fc.oneof(
      record({ type: fc.constant('begin' as const), id: text, lifetimeMs: count }),
      record({ type: fc.constant('run' as const), readOnly: fc.boolean(), statements }),
      record({ type: fc.constantFrom('commit' as const, 'roll-back' as const) }),
    ),
    encode: encodeStep,
    decode: decodeStep,
  }),
  decoder({
    name: 'the decoder of forwarded reads',
    of: ['api/read-wire.ts decodeRead'],
    valid: record({
      sql: text,
      args: args.filter((some) => !Array.isArray(some) || some.length > 0),
      options,
    }),
    encode: encodeRead,
    decode: decodeRead,
  }),
  decoder({
    name: 'the decoder of answers to forwarded reads',
    of: ['api/read-wire.ts decodeReadAnswer'],
    valid: fc.oneof(
      record({ error }),
      record({
        token: fc.constantFrom('p0.0', 'p1.zz'),
        result: result.map(({ columns, rows }) => ({ columns, rows })),
      }),
    ),
    encode: encodeReadAnswer,
    decode: decodeReadAnswer,
    check: () => {},
  }),
];
