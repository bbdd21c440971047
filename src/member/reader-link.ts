import { endWorker, startWorker } from '../sqlite/start-worker.ts';
import type { FromReader, ReaderEvents, ReaderLink, ToReader } from './reader-thread.ts';

export interface ReaderWorkerData {
  readonly path: string;
  readonly resultBytesMax: number;
  readonly shared: SharedArrayBuffer;
  /** The key of the query that is to stop. */
  readonly stop: SharedArrayBuffer;
}

/** Told to close, a thread ends when its query does; it is ended from outside after this. */
const END_MS = 3_000;

/** A worker thread for long reads, which alone does not keep the process alive. */
export function startReaderThread(
  data: ReaderWorkerData,
  { answered, failed }: ReaderEvents,
): ReaderLink {
  const thread = startWorker(new URL('./reader-worker.js', import.meta.url), data);
  const { worker } = thread;
  worker.unref();
  worker.on('message', (answer: FromReader) => answered(answer));
  worker.on('error', (error) => failed(error.message));
  worker.on('exit', () => failed('it ended'));
  return {
    post: (message: ToReader) => worker.postMessage(message),
    ended: () => endWorker(thread, END_MS),
  };
}
