import { assert } from './assert.ts';
import { PacelineError } from './errors.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Largest unsigned integer that fits `u53`: indexes and terms are JavaScript numbers. */
const MAX_SAFE = Number.MAX_SAFE_INTEGER;

/** Most texts are ASCII, whose bytes are their characters. */
const ASCII_END = 0x80;

/** Builds one byte string front to back; big-endian. Grows by doubling. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value);
    return this;
  }

  /** A non-negative safe integer in eight bytes. */
  u53(value: number): this {
    assert(Number.isSafeInteger(value) && value >= 0, `not an unsigned safe integer: ${value}`);
    const at = this.#reserve(8);
    this.#view.setUint32(at, Math.floor(value / 2 ** 32));
    this.#view.setUint32(at + 4, value >>> 0);
    return this;
  }

  /** A signed 64-bit integer. */
  i64(value: bigint): this {
    const at = this.#reserve(8);
    this.#view.setBigInt64(at, value);
    return this;
  }

  f64(value: number): this {
    const at = this.#reserve(8);
    this.#view.setFloat64(at, value);
    return this;
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
    this.#view.setUint32(at, text.length);
    return this;
  }

  /** Overwrites four bytes written earlier, for lengths and checksums known only at the end. */
  patchU32(at: number, value: number): void {
    assert(at + 4 <= this.#length, 'patch past the end');
    this.#view.setUint32(at, value);
  }

  /** What was written: a view of the writer's memory; do not write on. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** May replace `#bytes` and `#view`: to be called before either is read. */
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
    this.#view = new DataView(bytes.buffer);
  }
}

/**
 * Reads a byte string front to back; the counterpart of ByteWriter. Input comes from outside, so
 * running past the end is a RECORD_DAMAGED error, never an assertion.
 */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #what: string;
  #at = 0;

  /** `what` names the thing read, for the error. */
  constructor(bytes: Uint8Array, what: string) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#what = what;
  }

  get offset(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4));
  }

  u53(): number {
    const at = this.#take(8);
    const value = this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
    if (value > MAX_SAFE) throw this.damaged('an integer is out of range');
    return value;
  }

  i64(): bigint {
    return this.#view.getBigInt64(this.#take(8));
  }

  f64(): number {
    return this.#view.getFloat64(this.#take(8));
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
