import type { Checkpoints } from '../sqlite/checkpoints.ts';

/**
 * So much of the WAL is brought to disk at a time: a disk takes it in a millisecond or two, and a sync of the log that comes
 * meanwhile waits no longer than that. The WAL only grows until it is emptied, so smaller pieces do not make it more to write.
 */
const SYNC_BYTES = 2 * 2 ** 20;

export interface WalSyncParts {
  readonly checkpoints: Pick<Checkpoints, 'syncWal'>;
  readonly onWarning: (message: string) => void;
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

  /** Call when the WAL may have grown, and with 0 when it was emptied. */
  look(walBytes: number): void {
    if (walBytes < this.#syncedBytes) this.#syncedBytes = 0;
    if (this.#busy || walBytes - this.#syncedBytes < SYNC_BYTES) return;
    this.#busy = true;
    this.#syncedBytes = walBytes;
    this.#parts.checkpoints.syncWal((error) => {
      this.#busy = false;
      if (error !== null) this.#parts.onWarning(`the WAL could not be synced (${error})`);
    });
  }
}
