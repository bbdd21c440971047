import {
  type Durability,
  readDurability,
  readReached,
  writeDurability,
  writeReached,
} from '../api/durability.ts';
import { decodeError, encodeError } from '../api/wire.ts';
import { ByteReader, ByteWriter } from '../base/bytes.ts';
import type { ForwardAnswer } from './protocol.ts';

/** What members say to each other about writes and interactive transactions. Decoding throws RECORD_DAMAGED. */

/**
 * Writes of one member that the leader has not run; the others wait at the member that asks. Enough for many round trips'
 * worth of small writes; what a member can make a leader hold.
 */
export const FORWARDED_MAX = 4096;
/** Bytes of them; one write more may pass it. */
export const FORWARDED_BYTES_MAX = 8 * 2 ** 20;

export interface ForwardRequest {
  /** Of the asking member: a new one begins whenever something of the one before may have been lost or refused. */
  readonly stream: number;
  /** The place in the stream, from 0. */
  readonly seq: number;
  readonly key: number;
  readonly durability: Durability;
  /** For so long somebody waits for the answer, about. */
  readonly timeoutMs: number;
  /** An encoded WireWrite. */
  readonly bytes: Uint8Array;
}

export function forwardHead(request: Omit<ForwardRequest, 'bytes'>): Uint8Array {
  const { stream, seq, key, durability, timeoutMs } = request;
  const writer = new ByteWriter(48).u53(stream).u53(seq).u53(key);
  writer.u53(Math.min(Math.ceil(timeoutMs), Number.MAX_SAFE_INTEGER));
  return writeDurability(writer, durability).finish();
}

export function decodeForward(payload: Uint8Array): ForwardRequest {
  const reader = new ByteReader(payload, 'forwarded write');
  const [stream, seq, key, timeoutMs] = [reader.u53(), reader.u53(), reader.u53(), reader.u53()];
  const durability = readDurability(reader);
  return { stream, seq, key, durability, timeoutMs, bytes: reader.raw(reader.remaining) };
}

export type ForwardReply =
  | {
      readonly type: 'answer';
      /** The one that the write came in. */
      readonly stream: number;
      readonly key: number;
      readonly answer: ForwardAnswer;
    }
  /** Of this stream nothing from `seq` on was taken, nor will it be; what was taken before is not all sure to be answered. */
  | { readonly type: 'broken'; readonly stream: number; readonly seq: number };

export function encodeForwardReply(reply: ForwardReply): Uint8Array {
  const isAnswer = reply.type === 'answer';
  const writer = new ByteWriter(64).u8(isAnswer ? 1 : 0).u53(reply.stream);
  if (!isAnswer) return writer.u53(reply.seq).finish();
  return writeAnswer(writer.u53(reply.key), reply.answer).finish();
}

export function decodeForwardReply(payload: Uint8Array): ForwardReply {
  const reader = new ByteReader(payload, 'reply to a forwarded write');
  const isAnswer = reader.u8() === 1;
  const stream = reader.u53();
  if (!isAnswer) return { type: 'broken', stream, seq: reader.u53() };
  return { type: 'answer', stream, key: reader.u53(), answer: readAnswer(reader) };
}

/** A step of an interactive transaction on its way to the leader. */
export interface TransactionRequest extends Pick<ForwardRequest, 'key' | 'durability' | 'bytes'> {
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
