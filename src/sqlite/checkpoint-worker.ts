import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { Checkpointer, type CheckpointMode } from './checkpointer.ts';

const port = must(parentPort, 'a parent thread');
const checkpointer = new Checkpointer((workerData as { path: string }).path);

port.on('message', (message: CheckpointMode | 'close') => {
  if (message !== 'close') return port.postMessage(checkpointer.run(message));
  checkpointer.close();
  port.close();
});
