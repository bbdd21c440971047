import type { Checkpoints } from '../sqlite/checkpoints.ts';

/**
 * So much of the WAL is brought to disk at a time: a disk takes it in a millisecond or two, and a sync of the log that comes
 * meanwhile waits no longer than that. The WAL only grows until it is emptied, so smaller pieces do not make it more to write.
 */
const SYNC_BYTES = 2 * 2 ** 20;

export interface WalSyncParts {
  readonly checkpoints: Pick<Checkpoints, 'syncWal'>;
  readonly onFailed: (error: string) => void;
}

/**
 * Brings the WAL to disk while it grows. Else a checkpoint, which has to sync it first, would hand the disk all of it at once,
 * and the syncs of the log, which acknowledgements wait for, would queue behind.
 */
export class WalSync {
  readonly #parts: WalSyncParts;
  #syncedBytes = 0;
  #busy = false;

  constructor(parts: WalSyncParts) {
    this.#parts = parts;
  }

  /** Call when the size of the WAL may have changed. One that is smaller than what was synced has begun anew. */
  look(walBytes: number): void {
    if (walBytes < this.#syncedBytes) this.#syncedBytes = 0;
    if (this.#busy || walBytes - this.#syncedBytes < SYNC_BYTES) return;
    this.#busy = true;
    this.#syncedBytes = walBytes;
    this.#parts.checkpoints.syncWal((error) => {
      this.#busy = false;
      if (error !== null) this.#parts.onFailed(error);
    });
  }
}
