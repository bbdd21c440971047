import { assert } from './assert.ts';
import { PacelineError } from './errors.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Largest unsigned integer that fits `u53`: indexes and terms are JavaScript numbers. */
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Most texts are ASCII, whose bytes are their characters. */
const ASCII_END = 0x80;

/** A copy of so few bytes costs less than a view of them, for which the engine has to make them a buffer of their own. */
const COPIED_BYTES_MAX = 64;

/** For the numbers that are not put together from bytes here. */
const number = new DataView(new ArrayBuffer(8));

/** Builds one byte string front to back; big-endian. Grows by doubling. No DataView: making one costs more than most messages. */
export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
    return this;
  }

  u32(value: number): this {
    this.#putU32(this.#reserve(4), value);
    return this;
  }

  /** A non-negative safe integer in eight bytes. */
  u53(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, 'not an unsigned safe integer');
    const at = this.#reserve(8);
    this.#putU32(at, value / 2 ** 32);
    this.#putU32(at + 4, value);
    return this;
  }

  /** A signed 64-bit integer. */
  i64(value: bigint): this {
    number.setBigInt64(0, value);
    return this.u32(number.getUint32(0)).u32(number.getUint32(4));
  }

  f64(value: number): this {
    number.setFloat64(0, value);
    return this.u32(number.getUint32(0)).u32(number.getUint32(4));
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes behind their length (u32). */
  block(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  /** UTF-8 behind its length in bytes (u32). */
  text(text: string): this {
    const at = this.#reserve(4 + text.length);
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code >= ASCII_END) {
        this.#length = at;
        return this.block(encodeUtf8(text));
      }
      this.#bytes[at + 4 + i] = code;
    }
    this.#putU32(at, text.length);
    return this;
  }

  /** Overwrites four bytes written earlier, for lengths and checksums known only at the end. */
  patchU32(at: number, value: number): void {
    assert(at + 4 <= this.#length, 'patch past the end');
    this.#putU32(at, value);
  }

  /** What was written: a view of the writer's memory, or a copy; do not write on. */
  finish(): Uint8Array {
    const length = this.#length;
    if (length === this.#bytes.length) return this.#bytes;
    return length <= COPIED_BYTES_MAX
      ? this.#bytes.slice(0, length)
      : this.#bytes.subarray(0, length);
  }

  /** The low 32 bits of `value`, a fraction cut off. */
  #putU32(at: number, value: number): void {
    const bytes = this.#bytes;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
  }

  /** May replace `#bytes`: to be called before it is read. */
  #reserve(size: number): number {
    const at = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) this.#grow();
    return at;
  }

  #grow(): void {
    const bytes = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
    bytes.set(this.#bytes);
    this.#bytes = bytes;
  }
}

/**
 * Reads a byte string front to back; the counterpart of ByteWriter. Input comes from outside, so
 * running past the end is a RECORD_DAMAGED error, never an assertion.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #what: string;
  #at = 0;

  /** `what` names the thing read, for the error. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#what = what;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!;
  }

  u16(): number {
    const at = this.#take(2);
    return this.#bytes[at]! * 256 + this.#bytes[at + 1]!;
  }

  u32(): number {
    return this.#u32At(this.#take(4));
  }

  u53(): number {
    const at = this.#take(8);
    const value = this.#u32At(at) * 2 ** 32 + this.#u32At(at + 4);
    if (value > MAX_SAFE) throw this.damaged('an integer is out of range');
    return value;
  }

  i64(): bigint {
    return this.#number().getBigInt64(0);
  }

  f64(): number {
    return this.#number().getFloat64(0);
  }

  /** A view of the next `length` bytes; shares memory with the input. */
  raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  block(): Uint8Array {
    return this.raw(this.u32());
  }

  text(): string {
    return decodeUtf8(this.block());
  }

  /** Throws unless everything was read. */
  end(): void {
    if (this.remaining !== 0) throw this.damaged(`${this.remaining} bytes too many`);
  }

  damaged(why: string): PacelineError {
    return new PacelineError('RECORD_DAMAGED', `${this.#what}: ${why} (at byte ${this.#at})`);
  }

  #u32At(at: number): number {
    const bytes = this.#bytes;
    const low = (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    return bytes[at]! * 2 ** 24 + low;
  }

  #number(): DataView {
    const at = this.#take(8);
    number.setUint32(0, this.#u32At(at));
    number.setUint32(4, this.#u32At(at + 4));
    return number;
  }

  #take(length: number): number {
    if (length > this.remaining)
      throw this.damaged(`${length} bytes wanted, ${this.remaining} left`);
    const at = this.#at;
    this.#at += length;
    return at;
  }
}

/** The same memory, for numbers of any size and order at any place. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
