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

export interface ForwardRequest {
  readonly key: number;
  readonly durability: Durability;
  /** An encoded WireWrite. */
  readonly bytes: Uint8Array;
}

export function forwardHead({ key, durability }: Omit<ForwardRequest, 'bytes'>): Uint8Array {
  return writeDurability(new ByteWriter(16).u53(key), durability).finish();
}

export function decodeForward(payload: Uint8Array): ForwardRequest {
  const reader = new ByteReader(payload, 'forwarded write');
  const key = reader.u53();
  const durability = readDurability(reader);
  return { key, durability, bytes: reader.raw(reader.remaining) };
}

export function encodeReply(key: number, answer: ForwardAnswer): Uint8Array {
  return writeAnswer(new ByteWriter(64).u53(key), answer).finish();
}

export function decodeReply(payload: Uint8Array): { key: number; answer: ForwardAnswer } {
  const reader = new ByteReader(payload, 'reply to a forwarded write');
  return { key: reader.u53(), answer: readAnswer(reader) };
}

/** A step of an interactive transaction on its way to the leader. */
export interface TransactionRequest extends ForwardRequest {
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
