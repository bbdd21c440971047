/** What members say to each other to agree: frames, handshakes, Raft messages, snapshots. */
import fc from 'fast-check';
import { ByteReader, ByteWriter } from '../../../src/base/bytes.ts';
import {
  decodeSnapshotReply,
  decodeSnapshotRequest,
  encodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotReplyFrame,
  type SnapshotRequestFrame,
} from '../../../src/member/snapshot-frames.ts';
import type { Entry } from '../../../src/raft/entry.ts';
import type { Message } from '../../../src/raft/message.ts';
import type { ControlMessage } from '../../../src/transport/control.ts';
import {
  CONTROL_BYTES_MAX,
  decodeControl,
  encodeControl,
  NONCE_BYTES,
  PROTOCOL_VERSION,
} from '../../../src/transport/control.ts';
import { readEntries, writeHeads } from '../../../src/transport/entries-codec.ts';
import { frameHeader } from '../../../src/transport/frame.ts';
import { FrameParser } from '../../../src/transport/frame-parser.ts';
import { readMembership, writeMembership } from '../../../src/transport/membership-codec.ts';
import { decodeMessage, encodeMessage } from '../../../src/transport/message-codec.ts';
import { bytes, count, entryId, joined, membership, record, text, u32 } from './arbitraries.ts';
import { type Decoder, decoder, reader } from './decoder.ts';

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

export const control: fc.Arbitrary<ControlMessage> = fc.oneof(
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

const entries = fc
  .array(record({ step: fc.nat(2), membership: fc.option(membership, { freq: 3 }), data: bytes }), {
    maxLength: 6,
  })
  .map((list) => {
    let term = 3;
    return list.map(({ step, ...rest }, i): Entry => {
      term += step;
      return { term, index: 8 + i, ...rest };
    });
  });

const request: fc.Arbitrary<SnapshotRequestFrame> = fc.oneof(
  record({ type: fc.constant('open' as const), atLeast: count }),
  record({ type: fc.constant('done' as const) }),
  record({ type: fc.constant('keep-log' as const), after: count, bytes: count }),
  record({ type: fc.constant('read' as const), id: entryId, offset: count, length: u32 }),
);

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

const flag = fc.boolean();
const message = fc
  .oneof(
    record({ type: fc.constant('vote-request'), preVote: flag, last: entryId, transfer: flag }),
    record({ type: fc.constant('vote-response'), preVote: flag, granted: flag }),
    entries.map((list) => ({
      ...{ type: 'append-request', previous: { term: 3, index: 7 }, commit: 4, entries: list },
    })),
    record({ type: fc.constant('heartbeat-request'), commit: count, round: count }),
    record({ type: fc.constant('heartbeat-response'), round: count, promiseTicks: fc.nat() }),
    record({ type: fc.constant('snapshot-request'), snapshot: entryId, membership }),
    record({ type: fc.constant('timeout-now') }),
    record({ type: fc.constant('read-index-request'), context: count }),
    record({ type: fc.constant('read-index-response'), context: count, index: count }),
  )
  .map((body) => ({ ...body, from: 'a', to: 'b', term: 9 }) as unknown as Message);

const frame = record({ channel: fc.nat(8), payload: bytes });

export const TRANSPORT: readonly Decoder<unknown>[] = [
  decoder({
    name: 'the decoder of control messages',
    of: ['transport/control.ts decodeControl', 'transport/membership-codec.ts readBoolean'],
    valid: control,
    encode: encodeControl,
    decode: decodeControl,
  }),
  decoder({
    name: 'the decoder of memberships',
    of: [
      'transport/membership-codec.ts readMembership',
      'transport/membership-codec.ts readBoolean',
    ],
    valid: membership,
    encode: (members) => {
      const writer = new ByteWriter();
      writeMembership(writer, members);
      return writer.finish();
    },
    decode: (some) => readMembership(new ByteReader(some, 'membership')),
  }),
  decoder({
    name: 'the decoder of entries',
    of: ['transport/entries-codec.ts readEntries'],
    valid: entries,
    encode: (list) => {
      const writer = new ByteWriter();
      writeHeads(writer, { term: 3, index: 7 }, list);
      for (const { data } of list) writer.raw(data);
      return writer.finish();
    },
    decode: (some) => readEntries(new ByteReader(some, 'entries'), { term: 3, index: 7 }),
  }),
  decoder({
    name: 'the decoder of Raft messages',
    of: ['transport/message-codec.ts decodeMessage'],
    valid: message,
    encode: (one) => joined(encodeMessage(one)),
    decode: (some) => decodeMessage(some, 'a', 'b'),
  }),
  decoder({
    name: 'the decoder of requests for a snapshot',
    of: ['member/snapshot-frames.ts decodeSnapshotRequest'],
    valid: request,
    encode: (frame) => joined(encodeSnapshotRequest(frame)),
    decode: decodeSnapshotRequest,
  }),
  decoder({
    name: 'the decoder of parts of a snapshot',
    of: ['member/snapshot-frames.ts decodeSnapshotReply'],
    valid: reply,
    encode: (frame) => joined(encodeSnapshotReply(frame)),
    decode: decodeSnapshotReply,
  }),
  reader({
    name: 'the parser of frames',
    of: ['transport/frame-parser.ts FrameParser'],
    valid: fc
      .array(frame, { minLength: 1, maxLength: 3 })
      .map((frames) =>
        joined(
          frames.flatMap(({ channel, payload }) => [
            frameHeader(channel, [payload], payload.length),
            payload,
          ]),
        ),
      ),
    read: (some) => new FrameParser(CONTROL_BYTES_MAX, () => {}).feed(some),
  }),
];
