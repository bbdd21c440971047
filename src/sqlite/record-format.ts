import type { SqlValue } from '../api/value.ts';
import { narrow } from '../api/wire.ts';
import { viewOf } from '../base/bytes.ts';
import { varint } from './btree.ts';

/** Bytes as text, in the encoding of the database. */
export type Decode = (bytes: Uint8Array) => string;

/** Where page 1 says how text is encoded: fileformat2, section 1.3. */
const ENCODING_AT = 56;
const ENCODINGS: Record<number, string> = { 2: 'utf-16le', 3: 'utf-16be' };

/** How to read text in the database with this page 1. */
export function textOf(header: Uint8Array): Decode {
  const encoding = ENCODINGS[viewOf(header).getUint32(ENCODING_AT)] ?? 'utf-8';
  const decoder = new TextDecoder(encoding, { ignoreBOM: true });
  return (bytes) => decoder.decode(bytes);
}

/** Bytes of the integers whose serial types are 1 to 6. */
const INTEGER_BYTES = [0, 1, 2, 3, 4, 6, 8];

/** The values of a row's record (fileformat2, section 2.1). */
export function decodeRecord(payload: Uint8Array, decode: Decode): SqlValue[] {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const header = varint(view, 0);
  const values: SqlValue[] = [];
  let at = Number(header.value);
  for (let i = header.end; i < Number(header.value); ) {
    const type = varint(view, i);
    i = type.end;
    const kind = Number(type.value);
    const bytes = sizeOf(kind);
    values.push(valueAt(view, payload, at, kind, bytes, decode));
    at += bytes;
  }
  return values;
}

function sizeOf(kind: number): number {
  if (kind >= 12) return (kind - 12) >> 1;
  return kind === 7 ? 8 : (INTEGER_BYTES[kind] ?? 0);
}

function valueAt(
  view: DataView,
  payload: Uint8Array,
  at: number,
  kind: number,
  bytes: number,
  decode: Decode,
): SqlValue {
  if (kind === 0) return null;
  if (kind === 7) return view.getFloat64(at);
  if (kind === 8 || kind === 9) return kind - 8;
  const part = payload.slice(at, at + bytes);
  if (kind >= 12) return kind % 2 === 0 ? part : decode(part);
  let value = 0n;
  for (const byte of part) value = (value << 8n) | BigInt(byte);
  return narrow(BigInt.asIntN(8 * bytes, value));
}
