import { must } from '../base/assert.ts';
import type { EntryId, Index } from '../raft/entry.ts';
import type { ChecksumValue } from '../redo/checksum.ts';
import { type CheckpointMode, type CheckpointReply, syncFailed } from '../sqlite/checkpointer.ts';
import type { LiveWal, WalCommit } from '../sqlite/live-wal.ts';
import { CommitHold, type CommitHoldParts } from './commit-hold.ts';
import type { CheckpointTools } from './database-home.ts';
import { WalSync } from './wal-sync.ts';

export interface CheckpointParts extends CheckpointTools, CommitHoldParts {
  readonly wal: CommitHoldParts['wal'] & Pick<LiveWal, 'frames'>;
  /** The main file is now the database at `id`. */
  readonly onCheckpoint: (id: EntryId, checksum: ChecksumValue) => void;
  readonly onWarning: (message: string) => void;
  /** Puts the commit index on disk, up to here at least; `kept` is the answer. */
  readonly onKeep: (index: Index) => void;
  /** Readers, or a foreign lock, kept the WAL of so many bytes from being emptied. Returns whether they were made to let go. */
  readonly onHeldUp: (walBytes: number) => boolean;
  /** The WAL is empty. */
  readonly onEmptied: () => void;
  /** Runs what follows from a checkpoint's end, with the work that it makes possible. */
  readonly turn: (work: () => void) => void;
}

/**
 * - `keeping`: what is to be copied is on its way to be known as committed after a crash, too;
 * - `copying`: a checkpoint runs beside the work;
 * - `draining`: a leader's work is paused until all that was executed is committed;
 * - `settling`: work is paused; the same as `keeping` for what is about to be emptied;
 * - `emptying`: a checkpoint runs that needs SQLite's writer lock;
 * - `locking`: it is over, and we want the lock back.
 */
type Phase = 'idle' | 'keeping' | 'copying' | 'draining' | 'settling' | 'emptying' | 'locking';

/** After a checkpoint that a foreign reader held up, the WAL grows by this part of its limit before the next try. */
const RETRY_GROWTH = 0.5;
/** After the readers that held it up were made to let go, by this part. */
const FREED_GROWTH = 0.02;
/** Frames that may be left to copy when work is paused for the rest. */
const LEFT_FRAMES_MAX = 256;
/** So often the copying is repeated to get there, each time further; a writer that is quicker than the disk ends it. */
const PASSES_MAX = 5;
/** A WAL that has grown to so many times its limit gives its space back; else it is kept, and written over. */
const KEPT_GROWTH = 2;
/** The pin rolls on whenever the WAL has grown by this part of its limit. */
const PIN_GROWTH = 0.02;

/**
 * Folds the WAL back into the main file when it has grown to its limit: first beside the running work, then, with work
 * paused for what is left, to the end. Never past the commit index: the second step waits until all that was
 * executed is committed, and on a leader the first one stays below a pin.
 */
export class CheckpointCycle {
  readonly #parts: CheckpointParts;
  #phase: Phase = 'idle';
  /** How the last checkpoint ended, until the writer lock is held again. */
  #reply: CheckpointReply | null = null;
  #startAtBytes: number;
  #pinAtBytes = 0;
  /** Checkpoints beside the work since the WAL was last emptied. */
  #passes = 0;
  /** How far the last of them was to copy; another one waits until the pin has rolled on from here. */
  #copiedTo: Index = 0;
  #committed: Index = 0;
  /** Of that so much is on disk. */
  #kept: Index = 0;
  #unsynced = false;
  readonly #hold: CommitHold;
  readonly #walSync: WalSync;

  constructor(parts: CheckpointParts) {
    this.#parts = parts;
    this.#startAtBytes = parts.walBytes;
    this.#hold = new CommitHold(parts);
    this.#walSync = new WalSync({
      checkpoints: parts.checkpoints,
      onFailed: (error) => parts.turn(() => this.#syncFailed(error)),
    });
  }

  /** The disk may have lost what these files have: nothing of the WAL may be brought into the main file any more. */
  get unsynced(): boolean {
    return this.#unsynced;
  }

  /**
   * While true nothing may be run or applied. What is applied ahead of the commit index is never held up: it can only be
   * committed when all of it is there, by the entry with which a new leader starts its term.
   */
  get pausesWork(): boolean {
    if (this.#unsynced) return true;
    if (this.#phase === 'draining') return this.#parts.engine.leading;
    return this.#phase === 'settling' || this.unlocked;
  }

  /** While true SQLite's writer lock is not ours: the database may not be touched at all. */
  get unlocked(): boolean {
    return this.#phase === 'emptying' || this.#phase === 'locking';
  }

  /** Keeps a committed state readable, at `atLeast` or later; tells `done` when it is there. */
  hold(atLeast: Index, done: (commit: WalCommit) => void): void {
    this.#hold.want(atLeast, done);
    this.afterWork();
  }

  /** What is held, or asked for, is not needed any more. */
  letGo(): void {
    this.#hold.letGo();
    this.afterWork();
  }

  /** Commits were undone. */
  undone(): void {
    this.#parts.pins.undone();
  }

  committed(index: Index): void {
    this.#committed = index;
    if (!this.#copies) this.#parts.pins.committed(index);
    this.afterWork();
  }

  /** After a crash this much will be known as committed. */
  kept(index: Index): void {
    this.#kept = Math.max(this.#kept, index);
    if (this.#phase === 'keeping') this.#copy();
    if (this.#phase !== 'settling') return;
    this.#phase = 'draining';
    this.#emptyWhenCommitted();
  }

  /** A checkpoint copies up to the pin, which stays where it is. */
  get #copies(): boolean {
    return this.#phase === 'keeping' || this.#phase === 'copying';
  }

  /**
   * Call before the database is brought to `index`. What is not committed must not get into the main file: a checkpoint that was begun
   * may not have looked at the WAL yet, and a foreign one may begin at any time.
   */
  before(index: Index): void {
    if (index > this.#committed) this.#holdCommitted();
  }

  /** Call after anything that may have made the WAL grow, and to try again. Throws DATABASE_BUSY, FOREIGN_WRITE, IO. */
  afterWork(): void {
    if (this.#unsynced) return;
    this.#lookAtHold();
    if (this.#phase === 'draining') return this.#emptyWhenCommitted();
    if (this.#phase === 'locking') return this.#lockAgain();
    // A pin taken now would keep the WAL from being emptied.
    if (this.#phase === 'emptying') return;
    this.#rollPin();
    if (!this.#copies) this.#walSync.look(this.#parts.wal.bytes);
    if (this.#phase !== 'idle' || this.#parts.wal.bytes < this.#startAtBytes) return;
    if (this.#hold.mustStay()) return;
    if (!this.#mayCopy()) {
      // Always ahead of the commit index and never pinned: only a pause lets the WAL be emptied.
      this.#phase = 'draining';
      return this.#emptyWhenCommitted();
    }
    this.#holdCommitted();
    if (this.#passes === 0 || this.#parts.pins.heldIndex !== this.#copiedTo) this.#copy();
  }

  /**
   * Up to the pin. The commit index on disk reaches as far first: whoever is started anew cannot tell how much of the WAL
   * is in the main file, but that it is committed, and so which states are still whole.
   */
  #copy(): void {
    const { pins, checkpoints, turn, onKeep } = this.#parts;
    const limit = must(pins.heldIndex, 'a pin to copy up to');
    this.#phase = this.#kept < limit ? 'keeping' : 'copying';
    if (this.#phase === 'keeping') return onKeep(limit);
    this.#copiedTo = limit;
    checkpoints.start('PASSIVE', (reply) => turn(() => this.#copied(reply)));
  }

  #lookAtHold(): void {
    const runs = this.#copies || this.#phase === 'settling' || this.unlocked;
    // What was to be emptied waits until the commit is let go.
    if (!runs && this.#hold.look(this.#committed)) this.#phase = 'idle';
  }

  #rollPin(): void {
    const { engine, wal, pins, walBytes } = this.#parts;
    // A pin would keep the checkpoint that empties the WAL from doing so.
    if (this.unlocked || this.#copies) return;
    if (!engine.leading) {
      if (engine.position.index <= this.#committed) pins.release();
      return;
    }
    this.#holdCommitted();
    if (wal.bytes < this.#pinAtBytes) return;
    this.#pinAtBytes = wal.bytes + walBytes * PIN_GROWTH;
    pins.rollTo(engine.position.index);
  }

  #holdCommitted(): void {
    const { engine, pins } = this.#parts;
    if (pins.heldIndex === null && engine.position.index <= this.#committed)
      pins.hold(engine.position.index);
  }

  #mayCopy(): boolean {
    const { engine, pins } = this.#parts;
    return engine.position.index <= this.#committed || pins.heldIndex !== null;
  }

  /** What is left is copied with the work paused, so it should be little. */
  #copied(reply: CheckpointReply): void {
    const { engine, wal, pins } = this.#parts;
    this.#phase = 'idle';
    pins.committed(this.#committed);
    if ('error' in reply) return this.#failed(reply);
    this.#passes++;
    const much = wal.frames - reply.copiedFrames > LEFT_FRAMES_MAX;
    // Where nothing has come since, somebody reads what is left, and another pass would copy no more of it.
    const again = much && this.#passes < PASSES_MAX && engine.position.index > this.#copiedTo;
    this.#phase = again ? 'idle' : 'draining';
    this.#pinAtBytes = 0;
    if (!again) this.#passes = 0;
    this.afterWork();
  }

  #emptyWhenCommitted(): void {
    const { engine, pins, checkpoints, onKeep } = this.#parts;
    // An interactive transaction that has the writer connection ends soon; no other begins meanwhile.
    if (engine.interactive.open || engine.position.index > this.#committed) return;
    this.#phase = this.#kept < engine.position.index ? 'settling' : 'emptying';
    if (this.#phase === 'settling') return onKeep(engine.position.index);
    pins.release();
    engine.unlock();
    checkpoints.start(this.#emptyingMode, (reply) =>
      this.#parts.turn(() => {
        this.#phase = 'locking';
        this.#reply = reply;
        this.#lockAgain();
      }),
    );
  }

  /** Blocks that a file has already are written and synced more cheaply than new ones. */
  get #emptyingMode(): CheckpointMode {
    const { wal, walBytes } = this.#parts;
    return wal.bytes > walBytes * KEPT_GROWTH ? 'TRUNCATE' : 'RESTART';
  }

  #lockAgain(): void {
    this.#parts.engine.lock();
    const reply = must(this.#reply, 'the end of a checkpoint');
    this.#reply = null;
    this.#emptied(reply);
  }

  #emptied(reply: CheckpointReply): void {
    const { engine, walBytes, onCheckpoint, onEmptied } = this.#parts;
    if ('error' in reply) return this.#failed(reply);
    this.#startAtBytes = reply.busy ? this.#heldUpUntil() : walBytes;
    this.#pinAtBytes = 0;
    if (!reply.busy) onEmptied();
    if (!reply.busy) onCheckpoint(engine.position, engine.checksum);
    this.#finish();
  }

  /** How long the WAL shall be at the next try. */
  #heldUpUntil(): number {
    const { wal, walBytes, onHeldUp } = this.#parts;
    return wal.bytes + walBytes * (onHeldUp(wal.bytes) ? FREED_GROWTH : RETRY_GROWTH);
  }

  /** Unless a sync failed, the database is as good as before, and the WAL keeps what the main file lacks: warn, and try again later. */
  #failed({ error, unsynced }: Extract<CheckpointReply, { readonly error: string }>): void {
    if (unsynced) return this.#syncFailed(error);
    const { wal, walBytes, onWarning } = this.#parts;
    const advice = 'check the disk, and the room on it';
    onWarning(
      `a checkpoint failed (${error}): ${advice}; it is tried again when the WAL has grown`,
    );
    this.#startAtBytes = wal.bytes + walBytes * RETRY_GROWTH;
    this.#finish();
  }

  #syncFailed(error: string): never {
    this.#unsynced = true;
    this.#phase = 'idle';
    throw syncFailed(error);
  }

  #finish(): void {
    this.#phase = 'idle';
    this.#rollPin();
    this.#lookAtHold();
  }
}
