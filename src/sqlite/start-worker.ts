import { type TransferListItem, Worker } from 'node:worker_threads';

/** Node gives this one to a worker, too, which then cannot start from a file. */
const INPUT_TYPE = /^--input-type(=|$)/;
/** What decides which modules are found, and how they are read. */
const OF_MODULES = /^(--import|--require|-r|--(experimental-)?loader|--conditions|-C)(=|$)/;

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
  // Descriptors beside SQLite's must outlive the thread that opened them: see DatabaseFiles.
  const options = { workerData, transferList, trackUnmanagedFds: false, ...flags() };
  const worker = new Worker(file, options);
  const exited = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  return { worker, exited };
}

/**
 * The flags for a worker, where those of the process will not do. Elsewhere Node hands its own on, and better than we
 * could: given by name, flags of the whole process, such as `--max-old-space-size`, are refused.
 */
function flags(): { execArgv?: string[] } {
  const { execArgv } = process;
  if (!execArgv.some((flag) => INPUT_TYPE.test(flag))) return {};
  const takesTheNext = (flag = '') => OF_MODULES.test(flag) && !flag.includes('=');
  const kept = (flag: string, i: number) => OF_MODULES.test(flag) || takesTheNext(execArgv[i - 1]);
  return { execArgv: execArgv.filter(kept) };
}

/** Resolves when the thread, watched from its start, is gone; one that does not end by itself in time is ended. */
export async function endWorker({ worker, exited }: Thread, timeoutMs: number): Promise<void> {
  const timer = setTimeout(() => void worker.terminate(), timeoutMs);
  await exited;
  clearTimeout(timer);
}
