import { PacelineError } from '../base/errors.ts';

/** Nothing of the transaction has happened, nor will. */
export function aborted(why: string): PacelineError {
  return new PacelineError(
    'TRANSACTION_ABORTED',
    `the transaction was rolled back: ${why}; run it again from its beginning`,
  );
}

export function outlived(lifetimeMs: number): PacelineError {
  return aborted(
    `it was open for longer than ${lifetimeMs} ms, and others wait for it (lifetimeMs, transactionTimeoutMs)`,
  );
}

export function notOpen(): PacelineError {
  return aborted('this leader does not know it any more');
}
