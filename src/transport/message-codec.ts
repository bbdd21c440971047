import { assert, unreachable } from '../base/assert.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { EntryId, MemberId } from '../raft/entry.ts';
import type {
  AppendRequest,
  AppendResponse,
  HeartbeatRequest,
  HeartbeatResponse,
  Message,
  ReadIndexRequest,
  ReadIndexResponse,
  SnapshotRequest,
  TimeoutNow,
  VoteRequest,
  VoteResponse,
} from '../raft/message.ts';
import { readEntries, writeHeads } from './entries-codec.ts';
import { readBoolean, readMembership, writeMembership } from './membership-codec.ts';

/**
 * Raft messages as bytes: type u8, term u53, then the fields of the type in the order of
 * raft/message.ts. There is no version here: the handshake has agreed on one (control.ts). `from`
 * and `to` do not travel: the connection says who speaks, and it has proved it.
 */
const TYPE_CODES = {
  'vote-request': 1,
  'vote-response': 2,
  'append-request': 3,
  'append-response': 4,
  'heartbeat-request': 5,
  'heartbeat-response': 6,
  'snapshot-request': 7,
  'timeout-now': 8,
  'read-index-request': 9,
  'read-index-response': 10,
} as const satisfies Record<Message['type'], number>;

/** Enough for every message without entries; more grows by doubling. */
const HEAD_BYTES = 64;

/** The message in parts, to be sent one behind the other: entry data is passed on, never copied. */
export function encodeMessage(message: Message): Uint8Array[] {
  const writer = new ByteWriter(HEAD_BYTES);
  writer.u8(TYPE_CODES[message.type]).u53(message.term);
  writeBody(writer, message);
  const parts = [writer.finish()];
  if (message.type !== 'append-request') return parts;
  for (const { data } of message.entries) if (data.length > 0) parts.push(data);
  return parts;
}

/**
 * The message that `from`, the peer that the connection belongs to, sent to `to`, this member.
 * Entry data are views of `bytes`. Throws RECORD_DAMAGED for anything that `encodeMessage` would
 * not have written.
 */
export function decodeMessage(bytes: Uint8Array, from: MemberId, to: MemberId): Message {
  assert(from !== to, 'a member does not send to itself');
  const reader = new ByteReader(bytes, `message from ${from}`);
  const code = reader.u8();
  const read = READERS[code];
  if (read === undefined) throw reader.damaged(`unknown message type ${code}`);
  const message = read(reader, { from, to, term: reader.u53() });
  reader.end();
  return message;
}

function writeBody(writer: ByteWriter, message: Message): void {
  switch (message.type) {
    case 'vote-request':
      writeId(writer.u8(Number(message.preVote)), message.last).u8(Number(message.transfer));
      return;
    case 'vote-response':
      writer.u8(Number(message.preVote)).u8(Number(message.granted));
      return;
    case 'append-request':
      writeId(writer, message.previous).u53(message.commit);
      writeHeads(writer, message.previous, message.entries);
      return;
    case 'append-response':
      writer.u8(Number(message.accepted)).u53(message.match).u53(message.rejected);
      writeId(writer, message.hint);
      return;
    case 'heartbeat-request':
      writer.u53(message.commit).u53(message.round);
      return;
    case 'heartbeat-response':
      writer.u53(message.round).u32(message.promiseTicks);
      return;
    case 'snapshot-request':
      writeMembership(writeId(writer, message.snapshot), message.membership);
      return;
    case 'timeout-now':
      return;
    case 'read-index-request':
      writer.u53(message.context);
      return;
    case 'read-index-response':
      writer.u53(message.context).u53(message.index);
      return;
    default:
      unreachable(message);
  }
}

interface Envelope {
  readonly from: MemberId;
  readonly to: MemberId;
  readonly term: number;
}

const READERS: Readonly<Record<number, (reader: ByteReader, envelope: Envelope) => Message>> = {
  [TYPE_CODES['vote-request']]: readVoteRequest,
  [TYPE_CODES['vote-response']]: readVoteResponse,
  [TYPE_CODES['append-request']]: readAppendRequest,
  [TYPE_CODES['append-response']]: readAppendResponse,
  [TYPE_CODES['heartbeat-request']]: readHeartbeatRequest,
  [TYPE_CODES['heartbeat-response']]: readHeartbeatResponse,
  [TYPE_CODES['snapshot-request']]: readSnapshotRequest,
  [TYPE_CODES['timeout-now']]: readTimeoutNow,
  [TYPE_CODES['read-index-request']]: readReadIndexRequest,
  [TYPE_CODES['read-index-response']]: readReadIndexResponse,
};

function readVoteRequest(reader: ByteReader, envelope: Envelope): VoteRequest {
  const preVote = readBoolean(reader);
  const last = readId(reader);
  return { type: 'vote-request', ...envelope, preVote, last, transfer: readBoolean(reader) };
}

function readVoteResponse(reader: ByteReader, envelope: Envelope): VoteResponse {
  const preVote = readBoolean(reader);
  return { type: 'vote-response', ...envelope, preVote, granted: readBoolean(reader) };
}

function readAppendRequest(reader: ByteReader, { from, to, term }: Envelope): AppendRequest {
  const previous = readId(reader);
  const commit = reader.u53();
  const entries = readEntries(reader, previous);
  return { type: 'append-request', from, to, term, previous, commit, entries };
}

function readAppendResponse(reader: ByteReader, { from, to, term }: Envelope): AppendResponse {
  const accepted = readBoolean(reader);
  const match = reader.u53();
  const rejected = reader.u53();
  const hint = readId(reader);
  return { type: 'append-response', from, to, term, accepted, match, rejected, hint };
}

function readHeartbeatRequest(reader: ByteReader, envelope: Envelope): HeartbeatRequest {
  const commit = reader.u53();
  return { type: 'heartbeat-request', ...envelope, commit, round: reader.u53() };
}

function readHeartbeatResponse(reader: ByteReader, envelope: Envelope): HeartbeatResponse {
  const round = reader.u53();
  return { type: 'heartbeat-response', ...envelope, round, promiseTicks: reader.u32() };
}

function readSnapshotRequest(reader: ByteReader, envelope: Envelope): SnapshotRequest {
  const snapshot = readId(reader);
  return { type: 'snapshot-request', ...envelope, snapshot, membership: readMembership(reader) };
}

function readTimeoutNow(_reader: ByteReader, envelope: Envelope): TimeoutNow {
  return { type: 'timeout-now', ...envelope };
}

function readReadIndexRequest(reader: ByteReader, envelope: Envelope): ReadIndexRequest {
  return { type: 'read-index-request', ...envelope, context: reader.u53() };
}

function readReadIndexResponse(reader: ByteReader, envelope: Envelope): ReadIndexResponse {
  const context = reader.u53();
  return { type: 'read-index-response', ...envelope, context, index: reader.u53() };
}

function writeId(writer: ByteWriter, id: EntryId): ByteWriter {
  return writer.u53(id.term).u53(id.index);
}

function readId(reader: ByteReader): EntryId {
  const term = reader.u53();
  return { term, index: reader.u53() };
}
