import { Worker } from 'node:worker_threads';

/** No input of a decoder may take so long; what they are given takes microseconds. */
export const INPUT_MS_MAX = 20_000;
/** Of an input, so many bytes are kept to be told: enough to find it again. */
const TOLD_BYTES_MAX = 64 * 1024;

/**
 * Sees to it that work comes to an end: a thread of its own looks on, and ends the process, naming the work and its input, when a
 * piece takes longer than `msMax`. A thread that runs in a circle cannot do that itself.
 */
export class Watchdog {
  /** Begun and ended pieces: odd while one is under way. Then the lengths of its name and of its input, and both. */
  readonly #state: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #encoder = new TextEncoder();

  constructor(msMax: number) {
    const shared = new SharedArrayBuffer(HEAD_BYTES + TOLD_BYTES_MAX);
    this.#state = new Int32Array(shared, 0, HEAD_BYTES / 4);
    this.#bytes = new Uint8Array(shared, HEAD_BYTES);
    const workerData: WatchdogData = { shared, msMax };
    // What this process was started with is for its own program.
    const options = { workerData, execArgv: [] };
    new Worker(new URL('./watchdog-thread.js', import.meta.url), options).unref();
  }

  watch<T>(name: string, input: Uint8Array, work: () => T): T {
    const { written } = this.#encoder.encodeInto(name, this.#bytes);
    const told = input.subarray(0, this.#bytes.length - written);
    this.#bytes.set(told, written);
    this.#state[1] = written;
    this.#state[2] = told.length;
    Atomics.add(this.#state, 0, 1);
    try {
      return work();
    } finally {
      Atomics.add(this.#state, 0, 1);
    }
  }
}

/** Of the shared memory: three numbers, and one to fill it up. */
export const HEAD_BYTES = 16;

export interface WatchdogData {
  readonly shared: SharedArrayBuffer;
  readonly msMax: number;
}
