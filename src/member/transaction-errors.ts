import { PacelineError } from '../base/errors.ts';

/** Nothing of the transaction has happened, nor will. */
export function aborted(why: string): PacelineError {
  return new PacelineError(
    'TRANSACTION_ABORTED',
    `the transaction was rolled back: ${why}; run it again from its beginning`,
  );
}

/** Whether it was ended for no reason of its caller's, who may run it again. */
export function isAborted(error: unknown): boolean {
  return error instanceof PacelineError && error.code === 'TRANSACTION_ABORTED';
}

export function outlived(lifetimeMs: number): PacelineError {
  return aborted(
    `it was open for longer than ${lifetimeMs} ms, and others wait for it (lifetimeMs, transactionTimeoutMs)`,
  );
}

export function notOpen(): PacelineError {
  return aborted('this leader does not know it any more');
}

export function readOutlived(lifetimeMs: number): PacelineError {
  return ended(
    `it was open for longer than ${lifetimeMs} ms (lifetimeMs, transactionTimeoutMs), and kept the WAL from being emptied; a snapshot() has no such limit`,
  );
}

/** What a transaction in mode read was about is not kept any more. */
export function stateLost(): PacelineError {
  return ended(
    'the state that it read is not held any more: the WAL grew to snapshotWalBytesMax, or another copy of the database took its place',
  );
}

function ended(why: string): PacelineError {
  return new PacelineError(
    'TRANSACTION_ABORTED',
    `the read transaction was ended: ${why}; run it again from its beginning`,
  );
}

export function usedAfterEnd(): PacelineError {
  return new PacelineError('TRANSACTION_ENDED', 'this transaction has ended: begin another one');
}

/** Whether it was its caller who ended it. */
export function isUsedUp(error: unknown): boolean {
  return error instanceof PacelineError && error.code === 'TRANSACTION_ENDED';
}
