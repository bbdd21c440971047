import type { Worker } from 'node:worker_threads';
import { assert } from '../base/assert.ts';
import type { CheckpointMode, CheckpointReply } from './checkpoint-worker.ts';
import { startWorker } from './start-worker.ts';

/** Runs checkpoints in a thread and on a connection of their own, one at a time, so that neither writes nor the loop wait for the disk. */
export class Checkpoints {
  readonly #worker: Worker;
  #waiting: ((reply: CheckpointReply) => void) | null = null;

  constructor(path: string, onFailure: (error: Error) => void) {
    this.#worker = startWorker(new URL('./checkpoint-worker.js', import.meta.url), { path });
    this.#worker.on('message', (reply: CheckpointReply) => this.#finish(reply));
    this.#worker.on('error', onFailure);
  }

  get running(): boolean {
    return this.#waiting !== null;
  }

  /** `done` is called on a later turn. */
  start(mode: CheckpointMode, done: (reply: CheckpointReply) => void): void {
    assert(this.#waiting === null, 'one checkpoint at a time');
    this.#waiting = done;
    this.#worker.postMessage(mode);
  }

  /** Resolves when the worker's connection is closed. A checkpoint that is under way is finished first. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#worker.once('exit', () => resolve());
      this.#worker.postMessage('close');
    });
  }

  #finish(reply: CheckpointReply): void {
    const done = this.#waiting;
    this.#waiting = null;
    done?.(reply);
  }
}
