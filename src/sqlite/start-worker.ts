import { type TransferListItem, Worker } from 'node:worker_threads';

/** Flags that tell Node what the main program is; a worker that inherits them cannot start. */
const MAIN_ONLY = /^(-e|-p|--eval|--print|--input-type)(=|$)/;

/** A thread of a member. */
export function startWorker(
  file: URL,
  workerData: object,
  transferList: TransferListItem[] = [],
): Worker {
  const { execArgv } = process;
  const inherited = execArgv.filter(
    (flag, i) => !MAIN_ONLY.test(flag) && !/^(-e|-p|--eval|--print)$/.test(execArgv[i - 1] ?? ''),
  );
  // Descriptors beside SQLite's must outlive the thread that opened them: see DatabaseFiles.
  const options = { workerData, transferList, execArgv: inherited, trackUnmanagedFds: false };
  return new Worker(file, options);
}

/** Resolves when the thread is gone; one that does not end by itself in time is ended. */
export async function endWorker(worker: Worker, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => void worker.terminate(), timeoutMs);
  await new Promise((resolve) => worker.once('exit', resolve));
  clearTimeout(timer);
}
