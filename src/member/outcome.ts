import type { CancelSignal } from '../api/cancel-signal.ts';
import type { WriteOutcome } from '../api/request.ts';
import { PacelineError } from '../base/errors.ts';
import type { WriteReceipt } from './pending-writes.ts';

/** What the answer to a question, which is a write without statements, says about the write that has its id. */
export async function outcomeOf(
  answer: Promise<WriteReceipt>,
  signal: CancelSignal | undefined,
): Promise<WriteOutcome> {
  try {
    return { state: 'committed', ...(await answer) };
  } catch (error) {
    if (!(error instanceof PacelineError)) throw error;
    if (error.code === 'NOT_KNOWN') return { state: 'unknown' };
    // Of a question it is all one whether it arrived.
    if (signal?.aborted === true && error.code === 'OUTCOME_UNKNOWN') throw signal.reason;
    if (error.category === 'rejected' && error.code !== 'CLOSED')
      return { state: 'rejected', error };
    throw error;
  }
}
