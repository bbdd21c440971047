import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import { DatabaseSync } from './binding.ts';
import { sqliteDetail } from './sql-error.ts';

/** What the SQL thread asks: `passive` copies what it can beside readers and writers, `truncate` also empties the WAL. */
export type CheckpointMode = 'PASSIVE' | 'TRUNCATE';

export type CheckpointReply =
  | { readonly busy: boolean; readonly walFrames: number; readonly copiedFrames: number }
  | { readonly error: string; readonly errcode: number };

/** A checkpoint waits this long for a foreign reader or checkpoint before it gives up and is tried again later. */
const BUSY_MS = 20;

const port = must(parentPort, 'a parent thread');
const connection = new DatabaseSync((workerData as { path: string }).path, {
  timeout: BUSY_MS,
  returnArrays: true,
});
connection.exec('PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0');

function run(mode: CheckpointMode): CheckpointReply {
  try {
    const row = connection.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as number[];
    return { busy: row[0] !== 0, walFrames: row[1]!, copiedFrames: row[2]! };
  } catch (error) {
    return { error: messageOf(error), errcode: sqliteDetail(error)?.errcode ?? 0 };
  }
}

port.on('message', (message: CheckpointMode | 'close') => {
  if (message !== 'close') return port.postMessage(run(message));
  connection.close();
  port.close();
});
