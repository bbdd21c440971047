import type { Socket } from 'node:net';
import { assert } from '../base/assert.ts';
import { frameHeader, HEADER_BYTES, lengthOf } from './frame.ts';
import type { TcpLimits } from './options.ts';

/** Parts up to this size are copied together: cheaper than a vector entry of their own. */
const COPY_BYTES_MAX = 4096;

interface QueuedFrame {
  readonly parts: readonly Uint8Array[];
  readonly bytes: number;
}

/**
 * Frames on their way into one socket. What is sent during one turn of the event loop, or while an
 * earlier write is under way, leaves in one write. Parts are not copied unless they are small, so
 * they must not change until they are gone.
 */
export class FrameWriter {
  readonly #socket: Socket;
  readonly #limits: TcpLimits;
  #frames: QueuedFrame[] = [];
  #queuedBytes = 0;
  /** Bytes that the kernel has not taken yet, of the one write under way. */
  #writingBytes = 0;
  #flushing = false;
  #stopped = false;

  constructor(socket: Socket, limits: TcpLimits) {
    this.#socket = socket;
    this.#limits = limits;
  }

  get queuedBytes(): number {
    return this.#queuedBytes + this.#writingBytes;
  }

  /** False, and nothing is queued, if the queue is full in bytes or in frames. */
  send(channel: number, parts: readonly Uint8Array[]): boolean {
    const length = lengthOf(parts);
    const { frameBytesMax, queueBytesMax, queueFramesMax } = this.#limits;
    assert(length <= frameBytesMax, `a frame of ${length} bytes; frameBytesMax: ${frameBytesMax}`);
    const bytes = length + HEADER_BYTES;
    // The largest frame must fit into an empty queue, header and all.
    if (this.queuedBytes > 0 && this.queuedBytes + bytes > queueBytesMax) return false;
    if (this.#frames.length >= queueFramesMax) return false;
    this.#frames.push({ parts: [frameHeader(channel, parts, length), ...parts], bytes });
    this.#queuedBytes += bytes;
    if (this.#writingBytes === 0) this.#flushSoon();
    return true;
  }

  /** Drops what is queued. Nothing may be sent afterwards. */
  stop(): void {
    this.#stopped = true;
    this.#frames = [];
    this.#queuedBytes = 0;
    this.#writingBytes = 0;
  }

  /** At the end of what runs now: later would let the peers wait for nothing. */
  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    process.nextTick(() => this.#write());
  }

  #write(): void {
    this.#flushing = false;
    assert(this.#writingBytes === 0, 'one write at a time');
    const { parts, bytes } = this.#takeFrames();
    if (bytes === 0 || this.#stopped) return;
    this.#writingBytes = bytes;
    const chunks = joinSmall(parts);
    const last = chunks.pop()!;
    this.#socket.cork();
    for (const chunk of chunks) this.#socket.write(chunk);
    this.#socket.write(last, (error) => this.#written(error));
    this.#socket.uncork();
  }

  #written(error: Error | null | undefined): void {
    // The socket reports the error itself, and closes; whoever owns this writer then stops it.
    if (error) return;
    this.#writingBytes = 0;
    if (this.#frames.length > 0 && !this.#socket.destroyed) this.#write();
  }

  /** Whole frames, at least one if there is any, up to `writeBytesMax`. */
  #takeFrames(): { parts: Uint8Array[]; bytes: number } {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    let count = 0;
    for (const frame of this.#frames) {
      if (count > 0 && bytes + frame.bytes > this.#limits.writeBytesMax) break;
      for (const part of frame.parts) parts.push(part);
      bytes += frame.bytes;
      count += 1;
    }
    this.#frames = count === this.#frames.length ? [] : this.#frames.slice(count);
    this.#queuedBytes -= bytes;
    return { parts, bytes };
  }
}

/** The same bytes in fewer chunks: neighbouring small parts share one buffer, large ones stay. */
function joinSmall(parts: readonly Uint8Array[]): Uint8Array[] {
  let smallBytes = 0;
  for (const part of parts) if (part.length <= COPY_BYTES_MAX) smallBytes += part.length;
  const small = new Uint8Array(smallBytes);
  const chunks: Uint8Array[] = [];
  let begin = 0;
  let end = 0;
  for (const part of parts) {
    if (part.length <= COPY_BYTES_MAX) {
      small.set(part, end);
      end += part.length;
      continue;
    }
    if (end > begin) chunks.push(small.subarray(begin, end));
    begin = end;
    chunks.push(part);
  }
  if (end > begin) chunks.push(small.subarray(begin, end));
  assert(chunks.length > 0, 'a write has bytes');
  return chunks;
}
