import type { Socket } from 'node:net';
import { PacelineError } from '../base/errors.ts';
import { CONTROL_BYTES_MAX, encodeControl } from './control.ts';
import { CONTROL, channelOf, frameHeader } from './frame.ts';
import { FrameParser } from './frame-parser.ts';
import type { TcpLimits } from './options.ts';
import type { Channel } from './transport.ts';

export interface ConnectionEvents {
  /** A control frame, during the handshake only. */
  onHandshake(payload: Uint8Array): void;
  onFrame(channel: Channel, payload: Uint8Array): void;
  /** Once, whatever the end was. `error`: why, unless the other side just closed. */
  onClose(error: Error | null): void;
}

const ALIVE = encodeControl({ kind: 'alive' });

/**
 * One socket between two members: frames in, control frames out, and the two ways in which silence
 * ends it, a handshake that takes too long and a peer that gives no sign of life.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #limits: TcpLimits;
  readonly #events: ConnectionEvents;
  readonly #parser: FrameParser;
  readonly #handshakeTimer: NodeJS.Timeout;
  #aliveTimer: NodeJS.Timeout | null = null;
  #established = false;
  /** Alive intervals that began since the last byte came. */
  #silentIntervals = 0;
  #error: Error | null = null;

  constructor(socket: Socket, limits: TcpLimits, events: ConnectionEvents) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    this.#parser = new FrameParser(CONTROL_BYTES_MAX, (code, payload) => this.#take(code, payload));
    this.#handshakeTimer = setTimeout(
      () => this.fail(new Error('the handshake took too long')),
      limits.handshakeTimeoutMs,
    );
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#feed(chunk));
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('close', () => this.#closed());
  }

  /** Sends a control frame; only while no other frames are under way. */
  sendControl(payload: Uint8Array): void {
    this.#socket.cork();
    this.#socket.write(frameHeader(CONTROL, [payload], payload.length));
    this.#socket.write(payload);
    this.#socket.uncork();
  }

  /** The handshake is done: from now on frames count, and signs of life are sent and expected. */
  establish(): void {
    this.#established = true;
    clearTimeout(this.#handshakeTimer);
    this.#parser.payloadBytesMax = this.#limits.frameBytesMax;
    this.#aliveTimer = setInterval(() => this.#beat(), this.#limits.aliveIntervalMs);
  }

  /** Says a last word and closes; the handshake's time limit holds for that, too. */
  finish(payload: Uint8Array | null): void {
    this.#parser.stop();
    if (payload !== null) this.sendControl(payload);
    this.#socket.end();
  }

  /** Closes at once; `onClose` follows on a later turn. */
  fail(error: Error | null): void {
    this.#error ??= error;
    this.#parser.stop();
    this.#socket.destroy();
  }

  #feed(chunk: Uint8Array): void {
    this.#silentIntervals = 0;
    try {
      this.#parser.feed(chunk);
    } catch (error) {
      // Thrown by the parser, or by the receiver of a frame that does not decode.
      if (!(error instanceof PacelineError && error.code === 'RECORD_DAMAGED')) throw error;
      this.fail(error);
    }
  }

  #take(code: number, payload: Uint8Array): void {
    if (!this.#established) {
      if (code !== CONTROL) throw damaged('a frame before the end of the handshake');
      this.#events.onHandshake(payload);
      return;
    }
    if (code === CONTROL) return;
    const channel = channelOf(code);
    if (channel === null) throw damaged(`a frame on channel ${code}, which does not exist`);
    this.#events.onFrame(channel, payload);
  }

  /** Counts intervals instead of reading a clock, so that a process that was stopped blames nobody. */
  #beat(): void {
    if (this.#silentIntervals++ >= this.#limits.silentIntervalsMax) {
      this.fail(new Error('the peer gave no sign of life'));
      return;
    }
    // Bytes under way are a sign of life themselves, and may end in the middle of a frame.
    if (this.#socket.writableLength === 0) this.sendControl(ALIVE);
  }

  #closed(): void {
    clearTimeout(this.#handshakeTimer);
    if (this.#aliveTimer !== null) clearInterval(this.#aliveTimer);
    this.#parser.stop();
    this.#events.onClose(this.#error);
  }
}

function damaged(why: string): PacelineError {
  return new PacelineError('RECORD_DAMAGED', `connection between members: ${why}`);
}
