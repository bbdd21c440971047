import { setTimeout } from 'node:timers/promises';

/** Longer than any failover takes. */
const PATIENCE_MS = 30_000;
const PAUSE_MS = 50;

/**
 * Calls `work` again after errors that allow it: where nothing was done, and where nobody knows, because a leader died with
 * the answer. `work` must bear to be done once more in the second case.
 */
export async function untilDone(work: () => Promise<void>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayTryAgain(error) || Date.now() > deadline) throw error;
      await setTimeout(PAUSE_MS);
    }
  }
}

/** Tools wrap the errors of their drivers: Paceline's says the category. */
function mayTryAgain(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause)
    if ('category' in cause)
      return cause.category === 'retryable' || cause.category === 'unknown-outcome';
  return false;
}
