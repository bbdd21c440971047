import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { Checkpointer, type CheckpointFiles, type CheckpointRequest } from './checkpointer.ts';

const port = must(parentPort, 'a parent thread');
const checkpointer = new Checkpointer(workerData as CheckpointFiles);

port.on('message', (message: CheckpointRequest | 'close') => {
  if (message === 'sync-wal') return port.postMessage(checkpointer.syncWal());
  if (message !== 'close') return port.postMessage(checkpointer.run(message));
  checkpointer.close();
  port.close();
});
