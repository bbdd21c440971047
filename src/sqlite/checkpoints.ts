import { assert } from '../base/assert.ts';
import type {
  CheckpointFiles,
  CheckpointMode,
  CheckpointReply,
  CheckpointRequest,
  SyncReply,
} from './checkpointer.ts';
import { startWorker, type Thread } from './start-worker.ts';

/** Runs checkpoints in a thread and on a connection of their own, one at a time, so that neither writes nor the loop wait for the disk. */
export class Checkpoints {
  readonly #thread: Thread;
  /** In the order of the requests. */
  readonly #waiting: ((reply: unknown) => void)[] = [];
  #running = false;

  constructor({ path, mainFd, walFd }: CheckpointFiles, onFailure: (error: Error) => void) {
    const data = { path, mainFd, walFd };
    this.#thread = startWorker(new URL('./checkpoint-worker.js', import.meta.url), data);
    this.#thread.worker.on('message', (reply) => this.#waiting.shift()?.(reply));
    this.#thread.worker.on('error', onFailure);
  }

  get running(): boolean {
    return this.#running;
  }

  /** `done` is called on a later turn. */
  start(mode: CheckpointMode, done: (reply: CheckpointReply) => void): void {
    assert(!this.#running, 'one checkpoint at a time');
    this.#running = true;
    this.#ask(mode, (reply) => {
      this.#running = false;
      done(reply as CheckpointReply);
    });
  }

  /** Brings to disk what the WAL has; `done` is called on a later turn. */
  syncWal(done: (reply: SyncReply) => void): void {
    this.#ask('sync-wal', (reply) => done(reply as SyncReply));
  }

  /** Resolves when the worker's connection is closed. A checkpoint that is under way is finished first. */
  close(): Promise<void> {
    this.#thread.worker.postMessage('close');
    return this.#thread.exited;
  }

  #ask(request: CheckpointRequest, done: (reply: unknown) => void): void {
    this.#waiting.push(done);
    this.#thread.worker.postMessage(request);
  }
}
