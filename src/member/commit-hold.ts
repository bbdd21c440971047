import type { Index } from '../raft/entry.ts';
import type { Engine } from '../sqlite/engine.ts';
import type { LiveWal, WalCommit } from '../sqlite/live-wal.ts';
import type { CheckpointTools } from './database-home.ts';

export interface CommitHoldParts extends Pick<CheckpointTools, 'snapshotPin'> {
  readonly engine: Engine;
  readonly wal: Pick<LiveWal, 'bytes' | 'inMainFile'>;
  readonly walBytes: number;
  /** The held commit cannot be read any more. */
  readonly onHoldEnded: () => void;
}

/** A commit that is to be kept readable. */
interface Wanted {
  readonly atLeast: Index;
  readonly done: (commit: WalCommit) => void;
  /** The commit index at which it was looked for last. */
  lookedAt: Index | null;
}

/** While a commit is held for a follower, the WAL may grow by so many times its limit; then the follower has to begin anew. */
const GROWTH_MAX = 8;

/**
 * Keeps one committed state readable in the main file and the WAL, for another member to copy. It does not wait until all that was
 * executed is committed: that may take the very member that is to get this state.
 */
export class CommitHold {
  readonly #parts: CommitHoldParts;
  #wanted: Wanted | null = null;
  /** A commit is held: no checkpoint of ours may begin. */
  #active = false;
  /** As long was the WAL when that began: it may have been too long for long, as nothing of it can be committed without that follower. */
  #fromBytes = 0;

  constructor(parts: CommitHoldParts) {
    this.#parts = parts;
  }

  /** `done` is told as soon as there is one at `atLeast` or later. */
  want(atLeast: Index, done: (commit: WalCommit) => void): void {
    this.#wanted = { atLeast, done, lookedAt: null };
  }

  /** Call whenever no checkpoint runs, which would change the main file. True if a commit is held from now on. */
  look(committed: Index): boolean {
    const wanted = this.#wanted;
    if (wanted === null || wanted.lookedAt === committed) return false;
    // Nothing is known yet, not even what was committed before a crash.
    if (committed === 0) return false;
    wanted.lookedAt = committed;
    const commit = this.#find(wanted.atLeast, committed);
    if (commit === null) return false;
    this.#wanted = null;
    this.#active = true;
    this.#fromBytes = this.#parts.wal.bytes;
    this.#parts.snapshotPin.take();
    wanted.done(commit);
    return true;
  }

  /** What is held, or asked for, is not needed any more. */
  letGo(): void {
    this.#wanted = null;
    this.#active = false;
    this.#parts.snapshotPin.release();
  }

  /** The WAL has grown enough for a checkpoint: whether that must still wait. */
  mustStay(): boolean {
    const { wal, walBytes, onHoldEnded } = this.#parts;
    if (!this.#active) return false;
    if (wal.bytes < this.#fromBytes + walBytes * GROWTH_MAX) return true;
    this.letGo();
    onHoldEnded();
    return false;
  }

  /** What stays the same for longest is best: a transfer that breaks can go on with it. */
  #find(atLeast: Index, committed: Index): WalCommit | null {
    const { wal, engine } = this.#parts;
    const whole = wal.inMainFile();
    const fits = whole !== undefined && whole.id.index >= atLeast;
    const commit = fits ? whole : engine.commits.upTo(committed);
    return commit !== undefined && commit.id.index >= atLeast ? commit : null;
  }
}
