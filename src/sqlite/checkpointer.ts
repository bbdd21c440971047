import { messageOf } from '../base/errors.ts';
import { type Connection, DatabaseSync } from './binding.ts';
import { sqliteDetail } from './sql-error.ts';

/** `PASSIVE` copies what it can beside readers and writers, `TRUNCATE` also empties the WAL. */
export type CheckpointMode = 'PASSIVE' | 'TRUNCATE';

export type CheckpointReply =
  | { readonly busy: boolean; readonly walFrames: number; readonly copiedFrames: number }
  | { readonly error: string; readonly errcode: number };

/** A checkpoint waits this long for a foreign reader or checkpoint before it gives up and is tried again later. */
const BUSY_MS = 20;

/** A connection that does nothing but checkpoints. */
export class Checkpointer {
  readonly #connection: Connection;

  constructor(path: string, busyMs = BUSY_MS) {
    this.#connection = new DatabaseSync(path, { timeout: busyMs, returnArrays: true });
    this.#connection.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');
  }

  run(mode: CheckpointMode): CheckpointReply {
    try {
      const row = this.#connection
        .prepare(`PRAGMA wal_checkpoint(${mode})`)
        .get() as unknown as number[];
      return { busy: row[0] !== 0, walFrames: row[1]!, copiedFrames: row[2]! };
    } catch (error) {
      return { error: messageOf(error), errcode: sqliteDetail(error)?.errcode ?? 0 };
    }
  }

  close(): void {
    this.#connection.close();
  }
}
