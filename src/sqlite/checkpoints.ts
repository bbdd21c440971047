import { assert } from '../base/assert.ts';
import type { CheckpointMode, CheckpointReply } from './checkpointer.ts';
import { startWorker, type Thread } from './start-worker.ts';

/** Runs checkpoints in a thread and on a connection of their own, one at a time, so that neither writes nor the loop wait for the disk. */
export class Checkpoints {
  readonly #thread: Thread;
  #waiting: ((reply: CheckpointReply) => void) | null = null;

  constructor(path: string, onFailure: (error: Error) => void) {
    this.#thread = startWorker(new URL('./checkpoint-worker.js', import.meta.url), { path });
    this.#thread.worker.on('message', (reply: CheckpointReply) => this.#finish(reply));
    this.#thread.worker.on('error', onFailure);
  }

  get running(): boolean {
    return this.#waiting !== null;
  }

  /** `done` is called on a later turn. */
  start(mode: CheckpointMode, done: (reply: CheckpointReply) => void): void {
    assert(this.#waiting === null, 'one checkpoint at a time');
    this.#waiting = done;
    this.#thread.worker.postMessage(mode);
  }

  /** Resolves when the worker's connection is closed. A checkpoint that is under way is finished first. */
  close(): Promise<void> {
    this.#thread.worker.postMessage('close');
    return this.#thread.exited;
  }

  #finish(reply: CheckpointReply): void {
    const done = this.#waiting;
    this.#waiting = null;
    done?.(reply);
  }
}
