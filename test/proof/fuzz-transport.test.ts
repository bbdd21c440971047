/**
 * What members say to each other: control messages, frames, snapshot frames, forwarded writes and their answers. Raft messages have
 * their own in test/transport/message-codec.test.ts. FUZZ_FACTOR=100 runs a hundred times as long; FUZZ_SEED repeats.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { SqlValue } from '../../src/api/value.ts';
import {
  decodeError,
  decodeResults,
  decodeWrite,
  encodeError,
  encodeResults,
  encodeWrite,
} from '../../src/api/wire.ts';
import { ByteReader, ByteWriter } from '../../src/base/bytes.ts';
import { ERROR_CODES, type ErrorCode } from '../../src/base/errors.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotReplyFrame,
  type SnapshotRequestFrame,
} from '../../src/member/snapshot-frames.ts';
import type { Entry } from '../../src/raft/entry.ts';
import type { ControlMessage } from '../../src/transport/control.ts';
import {
  decodeControl,
  encodeControl,
  NONCE_BYTES,
  PROTOCOL_VERSION,
} from '../../src/transport/control.ts';
import { readEntries, writeHeads } from '../../src/transport/entries-codec.ts';
import { frameHeader } from '../../src/transport/frame.ts';
import { FrameParser } from '../../src/transport/frame-parser.ts';
import { AcceptorHandshake, DiallerHandshake } from '../../src/transport/handshake.ts';
import { readMembership, writeMembership } from '../../src/transport/membership-codec.ts';
import { bytes, count, entryId, fuzz, membership, record, text, tried, u32 } from './fuzzing.ts';
import { damaged, edits, parameters } from './mutations.ts';

function fixed(length: number): fc.Arbitrary<Uint8Array> {
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((some) => Uint8Array.from(some));
}

const hello = record({
  clusterId: text,
  member: text,
  expected: text,
  hasSecret: fc.boolean(),
  membersDigest: fixed(32),
  nonce: fixed(NONCE_BYTES),
});

const control: fc.Arbitrary<ControlMessage> = fc.oneof(
  record({ kind: fc.constant('hello' as const), version: fc.constant(PROTOCOL_VERSION), hello }),
  record({ kind: fc.constant('proof' as const), mac: bytes, members: text }),
  record({ kind: fc.constant('welcome' as const), mac: bytes }),
  record({
    kind: fc.constant('refusal' as const),
    refusal: record({
      reason: fc.constantFrom(
        'malformed' as const,
        'protocol' as const,
        'secret' as const,
        'members' as const,
      ),
      mine: text,
      yours: text,
    }),
  }),
  record({ kind: fc.constant('alive' as const) }),
);

fuzz({
  name: 'the decoder of control messages',
  valid: control,
  encode: encodeControl,
  decode: decodeControl,
});

fuzz({
  name: 'the decoder of memberships',
  valid: membership,
  encode: (members) => {
    const writer = new ByteWriter();
    writeMembership(writer, members);
    return writer.finish();
  },
  decode: (some) => readMembership(new ByteReader(some, 'membership')),
});

fuzz({
  name: 'the decoder of entries',
  valid: fc
    .array(
      record({ step: fc.nat(2), membership: fc.option(membership, { freq: 3 }), data: bytes }),
      { maxLength: 6 },
    )
    .map((list) => {
      let term = 3;
      return list.map(({ step, ...rest }, i): Entry => {
        term += step;
        return { term, index: 8 + i, ...rest };
      });
    }),
  encode: (entries) => {
    const writer = new ByteWriter();
    writeHeads(writer, { term: 3, index: 7 }, entries);
    for (const { data } of entries) writer.raw(data);
    return writer.finish();
  },
  decode: (some) => readEntries(new ByteReader(some, 'entries'), { term: 3, index: 7 }),
});

const request: fc.Arbitrary<SnapshotRequestFrame> = fc.oneof(
  record({ type: fc.constant('open' as const), atLeast: count }),
  record({ type: fc.constant('done' as const) }),
  record({ type: fc.constant('keep-log' as const), after: count, bytes: count }),
  record({ type: fc.constant('read' as const), id: entryId, offset: count, length: u32 }),
);

fuzz({
  name: 'the decoder of requests for a snapshot',
  valid: request,
  encode: (frame) => new Uint8Array(Buffer.concat(encodeSnapshotRequest(frame))),
  decode: decodeSnapshotRequest,
});

const reply: fc.Arbitrary<SnapshotReplyFrame> = fc.oneof(
  record({ type: fc.constant('gone' as const) }),
  record({ type: fc.constant('chunk' as const), id: entryId, offset: count, data: bytes }),
  record({
    type: fc.constant('offer' as const),
    id: entryId,
    checksum: record({ hi: u32, lo: u32 }),
    bytes: count,
    pageSize: u32,
    membership,
  }),
);

fuzz({
  name: 'the decoder of parts of a snapshot',
  valid: reply,
  encode: (frame) => new Uint8Array(Buffer.concat(encodeSnapshotReply(frame))),
  decode: decodeSnapshotReply,
});

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

fuzz({
  name: 'the decoder of forwarded writes',
  valid: record({
    asks: fc.boolean(),
    id: text,
    statements: fc.array(record({ sql: text, args }), { maxLength: 3 }),
  }),
  encode: encodeWrite,
  decode: decodeWrite,
});

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

fuzz({
  name: 'the decoder of results',
  valid: fc.array(result, { maxLength: 3 }),
  encode: encodeResults,
  decode: decodeResults,
});

const code = fc.constantFrom(...(Object.keys(ERROR_CODES) as ErrorCode[]));

fuzz({
  name: 'the decoder of errors',
  valid: fc.oneof(
    record({ code, message: text }),
    record({ code, message: text, sqlite: record({ code: text, errcode: u32 }) }),
    record({ code, message: text, statementIndex: u32 }),
  ),
  encode: encodeError,
  decode: decodeError,
  check: ({ code: found }) => assert.ok(Object.hasOwn(ERROR_CODES, found), `code ${found}`),
});

const frame = record({ channel: fc.nat(8), payload: bytes });

test('a stream of frames, damaged and cut in pieces, gives frames or damage, and never more memory than its limit', () => {
  const property = fc.property(
    fc.array(frame, { minLength: 1, maxLength: 4 }),
    edits,
    fc.integer({ min: 1, max: 60 }),
    fc.boolean(),
    (frames, changes, size, sound) => {
      const sent = frames.flatMap(({ channel, payload }) => [
        frameHeader(channel, [payload], payload.length),
        payload,
      ]);
      const whole = new Uint8Array(Buffer.concat(sent));
      const stream = sound ? whole : damaged(whole, changes);
      const taken: { channel: number; payload: Uint8Array }[] = [];
      const parser = new FrameParser(1000, (channel, payload) =>
        taken.push({ channel, payload: payload.slice() }),
      );
      const fed = tried(() => {
        for (let at = 0; at < stream.length; at += size)
          parser.feed(stream.subarray(at, at + size));
      }, ['RECORD_DAMAGED']);
      if (sound) assert.ok(fed !== null);
      if (sound) assert.deepEqual(taken, frames);
      for (const [i, one] of taken.entries())
        if (i < frames.length && !sound) assert.ok(one.payload.length <= 1000, 'within the limit');
    },
  );
  fc.assert(property, parameters(2000));
});

/** A handshake in which every payload may be damaged: the only outcomes are its steps. */
test('neither side of a handshake is led astray by damaged or arbitrary payloads', () => {
  const identity = (self: string, secret: string) => ({
    self,
    clusterId: 'c',
    memberIds: ['a', 'b'],
    secret,
  });
  const payloads = fc.array(
    fc.oneof(fc.uint8Array({ maxLength: 200 }), control.map(encodeControl)),
    { minLength: 1, maxLength: 3 },
  );
  const property = fc.property(
    text.map((word) => `secret ${word}`),
    fc.option(edits),
    payloads,
    (secret, changes, arbitrary) => {
      const dialler = new DiallerHandshake(
        identity('a', secret),
        'b',
        'here',
        new Uint8Array(NONCE_BYTES).fill(1),
      );
      const acceptor = new AcceptorHandshake(
        identity('b', secret),
        'there',
        new Uint8Array(NONCE_BYTES).fill(2),
      );
      const first = changes === null ? dialler.start() : damaged(dialler.start(), changes);
      const step = acceptor.receive(first);
      assert.ok(changes !== null || step.kind === 'reply');
      for (const payload of arbitrary) {
        const [a, b] = [
          dialler.receive(Uint8Array.from(payload)),
          acceptor.receive(Uint8Array.from(payload)),
        ];
        assert.ok(a.kind !== 'established', 'nobody proved anything to the dialler');
        assert.ok(b.kind !== 'established', 'nobody proved anything to the acceptor');
      }
    },
  );
  fc.assert(property, parameters(500));
});
