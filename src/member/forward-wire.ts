import {
  type Durability,
  type Reached,
  readDurability,
  readReached,
  writeDurability,
  writeReached,
} from '../api/durability.ts';
import { decodeError, encodeError } from '../api/wire.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { ErrorRecord } from '../base/errors.ts';
import type { EntryId } from '../raft/entry.ts';
import type { ForwardAnswer } from './protocol.ts';

/** What members say to each other about writes and interactive transactions. Decoding throws RECORD_DAMAGED. */

/**
 * Writes of one member that the leader has not run; the others wait at the member that asks. Enough for many round trips'
 * worth of small writes; what a member can make a leader hold.
 */
export const FORWARDED_MAX = 4096;
/** Bytes of them; one write more may pass it. */
export const FORWARDED_BYTES_MAX = 8 * 2 ** 20;

/**
 * Bytes of writes, or of answers, after which a frame takes no more of them: far below what a connection takes as one frame,
 * which bounds a single write. Larger ones gain nothing.
 */
export const FORWARD_FRAME_BYTES_MAX = 256 * 1024;

export interface ForwardCall {
  readonly key: number;
  readonly durability: Durability;
  /** For so long somebody waits for the answer, about. */
  readonly timeoutMs: number;
  /** An encoded WireWrite. */
  readonly bytes: Uint8Array;
}

/** Successive writes of a stream. */
export interface ForwardRequest {
  /** Of the asking member: a new one begins whenever something of the one before may have been lost or refused. */
  readonly stream: number;
  /** The first one's place in the stream, from 0. */
  readonly seq: number;
  readonly calls: readonly ForwardCall[];
}

/** What a call takes beside its bytes, mostly. */
const CALL_BYTES = 21;

export function encodeForward({ stream, seq, calls }: ForwardRequest): Uint8Array {
  const bytes = calls.reduce((sum, call) => sum + CALL_BYTES + call.bytes.length, 20);
  const writer = new ByteWriter(bytes).u53(stream).u53(seq).u32(calls.length);
  for (const call of calls) {
    writer.u53(call.key).u53(Math.min(Math.ceil(call.timeoutMs), Number.MAX_SAFE_INTEGER));
    writeDurability(writer, call.durability).block(call.bytes);
  }
  return writer.finish();
}

export function decodeForward(payload: Uint8Array): ForwardRequest {
  const reader = new ByteReader(payload, 'forwarded writes');
  const [stream, seq] = [reader.u53(), reader.u53()];
  const calls = readMany(reader, readCall);
  reader.end();
  return { stream, seq, calls };
}

function readCall(reader: ByteReader): ForwardCall {
  const [key, timeoutMs] = [reader.u53(), reader.u53()];
  const durability = readDurability(reader);
  return { key, timeoutMs, durability, bytes: reader.block() };
}

/** Behind their number, each of at least one byte. */
function readMany<T>(reader: ByteReader, read: (reader: ByteReader) => T): T[] {
  const count = reader.u32();
  if (count > reader.remaining) throw reader.damaged(`${count} items cannot fit`);
  return Array.from({ length: count }, () => read(reader));
}

/** Encoded results of the write with this key. */
export interface KeyedResults {
  readonly key: number;
  readonly results: Uint8Array;
}

/** Each about a stream of the member that asked. */
export type ForwardReply =
  /** Writes of it that were done, all at one position. */
  | {
      readonly type: 'results';
      readonly stream: number;
      readonly position: EntryId;
      readonly reached: Reached;
      readonly done: readonly KeyedResults[];
    }
  | {
      readonly type: 'error';
      readonly stream: number;
      readonly key: number;
      readonly error: ErrorRecord;
    }
  /** Of it nothing from `seq` on was taken, nor will it be; what was taken before is not all sure to be answered. */
  | { readonly type: 'broken'; readonly stream: number; readonly seq: number };

const REPLIES = { broken: 0, results: 1, error: 2 } as const;

export function encodeForwardReplies(replies: readonly ForwardReply[]): Uint8Array {
  const writer = new ByteWriter(1024).u32(replies.length);
  for (const reply of replies) writeReply(writer, reply);
  return writer.finish();
}

function writeReply(writer: ByteWriter, reply: ForwardReply): void {
  writer.u8(REPLIES[reply.type]).u53(reply.stream);
  if (reply.type === 'broken') writer.u53(reply.seq);
  else if (reply.type === 'error') writer.u53(reply.key).block(encodeError(reply.error));
  else {
    const { position, reached, done } = reply;
    writer.u53(position.term).u53(position.index);
    writeReached(writer, reached).u32(done.length);
    for (const { key, results } of done) writer.u53(key).block(results);
  }
}

export function decodeForwardReplies(payload: Uint8Array): ForwardReply[] {
  const reader = new ByteReader(payload, 'replies to forwarded writes');
  const replies = readMany(reader, readReply);
  reader.end();
  return replies;
}

function readReply(reader: ByteReader): ForwardReply {
  const kind = reader.u8();
  const stream = reader.u53();
  switch (kind) {
    case REPLIES.broken:
      return { type: 'broken', stream, seq: reader.u53() };
    case REPLIES.error:
      return { type: 'error', stream, key: reader.u53(), error: decodeError(reader.block()) };
    case REPLIES.results: {
      const position = { term: reader.u53(), index: reader.u53() };
      const reached = readReached(reader);
      const done = readMany(reader, () => ({ key: reader.u53(), results: reader.block() }));
      return { type: 'results', stream, position, reached, done };
    }
    default:
      throw reader.damaged(`unknown reply ${kind}`);
  }
}

/** A step of an interactive transaction on its way to the leader. */
export interface TransactionRequest extends Pick<ForwardCall, 'key' | 'durability' | 'bytes'> {
  readonly name: string;
}

export function encodeTransactionRequest(request: TransactionRequest): Uint8Array {
  const { name, key, durability, bytes } = request;
  const writer = new ByteWriter(bytes.length + 64).text(name).u53(key);
  return writeDurability(writer, durability).raw(bytes).finish();
}

export function decodeTransactionRequest(payload: Uint8Array): TransactionRequest {
  const reader = new ByteReader(payload, 'step of a transaction');
  const name = reader.text();
  const key = reader.u53();
  const durability = readDurability(reader);
  return { name, key, durability, bytes: reader.raw(reader.remaining) };
}

/** The answer to one step, or, without a key, the news that the transaction was undone. */
export interface TransactionReply {
  readonly name: string;
  readonly key: number | null;
  readonly answer: ForwardAnswer;
}

export function encodeTransactionReply({ name, key, answer }: TransactionReply): Uint8Array {
  const writer = new ByteWriter(64).text(name).u8(key === null ? 0 : 1);
  if (key !== null) writer.u53(key);
  return writeAnswer(writer, answer).finish();
}

export function decodeTransactionReply(payload: Uint8Array): TransactionReply {
  const reader = new ByteReader(payload, 'answer to a step of a transaction');
  const name = reader.text();
  const key = reader.u8() === 0 ? null : reader.u53();
  return { name, key, answer: readAnswer(reader) };
}

function writeAnswer(writer: ByteWriter, answer: ForwardAnswer): ByteWriter {
  if ('error' in answer) return writer.u8(0).raw(encodeError(answer.error));
  const { position, reached, results } = answer;
  writer.u8(1).u53(position.term).u53(position.index);
  return writeReached(writer, reached).raw(results);
}

function readAnswer(reader: ByteReader): ForwardAnswer {
  if (reader.u8() === 0) return { error: decodeError(reader.raw(reader.remaining)) };
  const position = { term: reader.u53(), index: reader.u53() };
  const reached = readReached(reader);
  return { position, reached, results: reader.raw(reader.remaining).slice() };
}
