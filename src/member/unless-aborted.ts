import type { CancelSignal } from '../api/cancel-signal.ts';

/** What `work` comes to, or the signal's reason if that comes first. */
export async function unlessAborted<T>(
  signal: CancelSignal | null,
  work: Promise<T>,
  onAbort: () => void = () => {},
): Promise<T> {
  if (signal === null) return work;
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => {
      onAbort();
      reject(signal.reason);
    };
  });
  signal.addEventListener('abort', abort);
  try {
    if (signal.aborted) abort();
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
