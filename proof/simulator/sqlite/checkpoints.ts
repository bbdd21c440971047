import { assert } from '../../../src/base/assert.ts';
import type { CheckpointTools } from '../../../src/member/database-home.ts';
import type {
  CheckpointMode,
  CheckpointReply,
  SyncReply,
} from '../../../src/sqlite/checkpointer.ts';
import type { SimThread } from '../thread.ts';

export interface CheckpointParts {
  readonly thread: SimThread;
  readonly checkpointMs: () => number;
  readonly run: (mode: CheckpointMode) => CheckpointReply;
  readonly syncWal: () => SyncReply;
  /** The reply is known. */
  readonly ended: () => void;
  readonly close: () => void;
}

/** The twin of `Checkpoints`, without a thread of its own: SQLite does it all at one moment, and it takes its time before and after that. */
export class TimedCheckpoints {
  readonly #parts: CheckpointParts;
  #running = false;
  #whenIdle: (() => void) | null = null;
  #closing = false;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
  }

  start: CheckpointTools['checkpoints']['start'] = (mode, done) => {
    const { thread, checkpointMs, run, ended } = this.#parts;
    assert(!this.#running, 'one checkpoint at a time');
    // A thread that was told to end hears of nothing more.
    if (this.#closing) return;
    this.#running = true;
    const halfMs = checkpointMs() / 2;
    thread.after(halfMs, () => {
      const reply = run(mode);
      thread.after(halfMs, () => {
        ended();
        this.#running = false;
        this.#whenIdle?.();
        done(reply);
      });
    });
  };

  syncWal: CheckpointTools['checkpoints']['syncWal'] = (done) => {
    const { thread, syncWal } = this.#parts;
    if (!this.#closing) thread.after(0, () => done(syncWal()));
  };

  async close(): Promise<void> {
    this.#closing = true;
    if (this.#running)
      await new Promise<void>((resolve) => {
        this.#whenIdle = resolve;
      });
    this.#parts.close();
  }
}
