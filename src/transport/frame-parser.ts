import { assert } from '../base/assert.ts';
import { PacelineError } from '../base/errors.ts';
import { frameIsIntact, GROUP, groupOf, HEADER_BYTES, payloadLength } from './frame.ts';

/** `channel` is the code on the wire; `payload` may share its memory with other frames. */
export type FrameHandler = (channel: number, payload: Uint8Array) => void;

/**
 * Cuts a stream of bytes into frames. A frame inside one chunk is handed out as a view of it; one
 * that spans chunks is copied once, into memory of its own, whose size is checked before it is
 * allocated. After an error or `stop` the parser ignores what comes.
 */
export class FrameParser {
  readonly #onFrame: FrameHandler;
  #payloadBytesMax: number;
  #stopped = false;
  /** The header of the frame under way, of which `#headerFilled` bytes are known. */
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  /** The payload of a frame that spans chunks; `null` until its header is complete. */
  #payload: Uint8Array | null = null;
  #payloadFilled = 0;

  constructor(payloadBytesMax: number, onFrame: FrameHandler) {
    this.#payloadBytesMax = payloadBytesMax;
    this.#onFrame = onFrame;
  }

  /** Holds from the next header on: strangers get a small limit, proven peers the full one. */
  set payloadBytesMax(value: number) {
    this.#payloadBytesMax = value;
  }

  stop(): void {
    this.#stopped = true;
    this.#payload = null;
  }

  /** Throws RECORD_DAMAGED for a frame that is too long or whose checksum is wrong. */
  feed(chunk: Uint8Array): void {
    // A plain view: Node's Buffer would leak into whatever the payload is compared with.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    while (at < bytes.length && !this.#stopped) {
      at = this.#payload === null ? this.#takeHeader(bytes, at) : this.#takePayload(bytes, at);
    }
  }

  #takeHeader(bytes: Uint8Array, at: number): number {
    const end = Math.min(bytes.length, at + HEADER_BYTES - this.#headerFilled);
    for (let i = at; i < end; i++) this.#header[this.#headerFilled++] = bytes[i]!;
    return this.#headerFilled === HEADER_BYTES ? this.#begin(bytes, end) : end;
  }

  /** The header is complete; its payload begins at `at`. */
  #begin(bytes: Uint8Array, at: number): number {
    const length = payloadLength(this.#header);
    if (length > this.#payloadBytesMax) {
      throw this.#damaged(`a frame of ${length} bytes; the limit is ${this.#payloadBytesMax}`);
    }
    const end = at + length;
    if (end > bytes.length) {
      this.#payload = new Uint8Array(length);
      this.#payloadFilled = 0;
      return at;
    }
    this.#complete(bytes.subarray(at, end));
    return end;
  }

  #takePayload(bytes: Uint8Array, at: number): number {
    const payload = this.#payload!;
    const end = Math.min(bytes.length, at + payload.length - this.#payloadFilled);
    payload.set(bytes.subarray(at, end), this.#payloadFilled);
    this.#payloadFilled += end - at;
    assert(this.#payloadFilled <= payload.length, 'a payload holds no more than its length');
    if (this.#payloadFilled === payload.length) this.#complete(payload);
    return end;
  }

  #complete(payload: Uint8Array): void {
    this.#payload = null;
    this.#headerFilled = 0;
    if (!frameIsIntact(this.#header, payload)) throw this.#damaged('a frame has a wrong checksum');
    const group = groupOf(this.#header);
    if (group !== GROUP) throw this.#damaged(`a frame for group ${group}, which is not here`);
    this.#onFrame(this.#header[4]!, payload);
  }

  #damaged(why: string): PacelineError {
    this.stop();
    return new PacelineError('RECORD_DAMAGED', `connection between members: ${why}`);
  }
}
