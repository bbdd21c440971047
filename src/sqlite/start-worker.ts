import { type TransferListItem, Worker } from 'node:worker_threads';

/** Flags that tell Node what the main program is; a worker that inherits them cannot start. */
const MAIN_ONLY = /^(-e|-p|--eval|--print|--input-type)(=|$)/;

/** A thread of a member; `exited` resolves at its end, also if that came before anybody asked. */
export interface Thread {
  readonly worker: Worker;
  readonly exited: Promise<void>;
}

export function startWorker(
  file: URL,
  workerData: object,
  transferList: TransferListItem[] = [],
): Thread {
  const { execArgv } = process;
  const inherited = execArgv.filter(
    (flag, i) => !MAIN_ONLY.test(flag) && !/^(-e|-p|--eval|--print)$/.test(execArgv[i - 1] ?? ''),
  );
  // Descriptors beside SQLite's must outlive the thread that opened them: see DatabaseFiles.
  const options = { workerData, transferList, execArgv: inherited, trackUnmanagedFds: false };
  const worker = new Worker(file, options);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return { worker, exited };
}

/** Resolves when the thread, watched from its start, is gone; one that does not end by itself in time is ended. */
export async function endWorker({ worker, exited }: Thread, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => void worker.terminate(), timeoutMs);
  await exited;
  clearTimeout(timer);
}
