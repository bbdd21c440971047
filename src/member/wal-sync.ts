import type { Checkpoints } from '../sqlite/checkpoints.ts';

/**
 * So much of the WAL is brought to disk at a time. A disk takes it in a few milliseconds; of smaller pieces there would be more, and a
 * page that is written again and again would get there more often.
 */
const SYNC_BYTES = 16 * 2 ** 20;

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
