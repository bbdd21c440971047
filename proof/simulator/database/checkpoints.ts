import { assert } from '../../../src/base/assert.ts';
import type { CheckpointTools } from '../../../src/member/database-home.ts';
import type { CheckpointMode, CheckpointReply } from '../../../src/sqlite/checkpointer.ts';
import { Pins } from '../../../src/sqlite/pins.ts';
import type { SimThread } from '../thread.ts';
import type { DatabaseFiles } from './files.ts';

/** An open read transaction, by the frame that it sees. */
class SimPin {
  readonly #files: DatabaseFiles;
  frame: number | null = null;

  constructor(files: DatabaseFiles) {
    this.#files = files;
  }

  take(): void {
    this.frame = this.#files.frames;
  }

  release(): void {
    this.frame = null;
  }

  close(): void {
    this.frame = null;
  }
}

/** The product's rule about pins, with pins of the simulator. */
export class SimPins extends Pins {
  readonly #files: DatabaseFiles;
  /** The one for a database that is given to another member. */
  readonly snapshot: SimPin;
  readonly #pins: readonly SimPin[];

  constructor(files: DatabaseFiles) {
    const pins = [new SimPin(files), new SimPin(files)];
    super(pins);
    this.#files = files;
    this.snapshot = new SimPin(files);
    this.#pins = [...pins, this.snapshot];
  }

  /** Checkpoints may copy frames up to here. */
  limit(frames: number): number {
    const held = this.#files.heldFrame ?? frames;
    return Math.min(frames, held, ...this.#pins.map(({ frame }) => frame ?? frames));
  }

  get taken(): boolean {
    return this.#files.heldFrame !== null || this.#pins.some(({ frame }) => frame !== null);
  }
}

export interface CheckpointBehaviour {
  readonly checkpointMs: () => number;
  readonly foreignReader: () => boolean;
  readonly syncFails: () => boolean;
  readonly onCheckpoint: (files: DatabaseFiles) => void;
}

/** The twin of `Checkpoints`: a checkpoint takes its time, and copies what was committed when it began. */
export class SimCheckpoints {
  readonly #files: DatabaseFiles;
  readonly #pins: SimPins;
  readonly #thread: SimThread;
  readonly #behaviour: CheckpointBehaviour;
  #running = false;
  #whenIdle: (() => void) | null = null;
  #closing = false;

  constructor(
    files: DatabaseFiles,
    pins: SimPins,
    thread: SimThread,
    behaviour: CheckpointBehaviour,
  ) {
    this.#files = files;
    this.#pins = pins;
    this.#thread = thread;
    this.#behaviour = behaviour;
  }

  start: CheckpointTools['checkpoints']['start'] = (mode, done) => {
    assert(!this.#running, 'one checkpoint at a time');
    // A thread that was told to end hears of nothing more.
    if (this.#closing) return;
    this.#running = true;
    const { frames } = this.#files;
    const limit = this.#pins.limit(frames);
    const busy = mode !== 'PASSIVE' && (this.#pins.taken || this.#behaviour.foreignReader());
    this.#thread.after(this.#behaviour.checkpointMs(), () => {
      const reply = this.#finish(mode, limit, busy);
      this.#running = false;
      this.#whenIdle?.();
      done(reply);
    });
  };

  syncWal: CheckpointTools['checkpoints']['syncWal'] = (done) => {
    if (!this.#closing) this.#thread.after(0, () => done(null));
  };

  close(): Promise<void> {
    this.#closing = true;
    if (!this.#running) return Promise.resolve();
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
    });
  }

  #finish(mode: CheckpointMode, limit: number, busy: boolean): CheckpointReply {
    if (this.#files.full) return { error: 'database or disk is full', unsynced: false };
    if (this.#behaviour.syncFails()) return { error: 'EIO', unsynced: true };
    const walFrames = this.#files.frames;
    this.#files.copy(Math.min(limit, walFrames));
    this.#behaviour.onCheckpoint(this.#files);
    // A state may have been taken meanwhile.
    if (mode === 'PASSIVE' || busy || this.#files.heldFrame !== null)
      return { busy: mode !== 'PASSIVE', walFrames, copiedFrames: limit };
    this.#files.empty();
    return { busy: false, walFrames: 0, copiedFrames: 0 };
  }
}
