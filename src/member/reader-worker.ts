import { parentPort, workerData } from 'node:worker_threads';
import { must } from '../base/assert.ts';
import { Reader } from '../sqlite/reader.ts';
import { LongReads } from './long-reads.ts';
import type { ReaderWorkerData } from './reader-link.ts';
import type { ToReader } from './reader-thread.ts';
import { SharedState } from './shared-state.ts';

const { path, resultBytesMax, shared, stop } = workerData as ReaderWorkerData;
const port = must(parentPort, 'a parent thread');
const reads = new LongReads({
  reader: new Reader(path, resultBytesMax),
  ...{ shared: new SharedState(shared), stop },
  answer: (answer) => port.postMessage(answer),
  closed: () => port.close(),
});
port.on('message', (message: ToReader) => reads.take(message));
