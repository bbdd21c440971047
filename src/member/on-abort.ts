import type { CancelSignal } from '../api/cancel-signal.ts';

/** Returns what ends the listening. */
export function onAbort(signal: CancelSignal, listener: () => void): () => void {
  signal.addEventListener('abort', listener);
  return () => signal.removeEventListener('abort', listener);
}
