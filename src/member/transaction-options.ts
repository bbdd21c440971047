import { checkReadOptions } from '../api/read-options.ts';
import {
  TRANSACTION_MODES,
  type TransactionMode,
  type TransactionOptions,
} from '../api/transaction.ts';
import { PacelineError } from '../base/errors.ts';
import { checkWriteOptions } from './handle-errors.ts';
import type { MemberOptions } from './options.ts';

const OF_WRITES = ['id', 'durability'] as const;
const OF_READS = ['level', 'maxLagMs', 'maxLagEntries', 'after', 'worker'] as const;

/** Checks what came from outside. Throws REQUEST_INVALID, TOKEN_INVALID. */
export function checkTransactionOptions(
  mode: TransactionMode,
  given: TransactionOptions,
  options: MemberOptions,
): void {
  if (!TRANSACTION_MODES.includes(mode))
    throw invalid(`the mode of a transaction is ${TRANSACTION_MODES.join(', ')}, not ${mode}`);
  const { lifetimeMs, ...others } = given;
  const foreign = (mode === 'read' ? OF_WRITES : OF_READS).find((name) => name in others);
  if (foreign !== undefined)
    throw invalid(
      `"${foreign}" is nothing for a transaction in mode ${mode}: it is about what ${mode === 'read' ? 'is written' : 'only reads'}`,
    );
  if (mode === 'read') checkReadOptions(others);
  else checkWriteOptions(others, options);
  checkLifetime(lifetimeMs, options.transactionTimeoutMs);
}

function checkLifetime(lifetimeMs: unknown, max: number): void {
  if (lifetimeMs === undefined) return;
  if (
    Number.isSafeInteger(lifetimeMs) &&
    (lifetimeMs as number) >= 1 &&
    (lifetimeMs as number) <= max
  )
    return;
  throw invalid(`lifetimeMs is a whole number from 1 to ${max}, not ${lifetimeMs}`);
}

/** Throws REQUEST_INVALID. */
export function checkRetries(retries: unknown): void {
  if (retries === undefined || (Number.isSafeInteger(retries) && (retries as number) >= 0)) return;
  throw invalid(`retries is a whole number, 0 or more, not ${retries}`);
}

function invalid(message: string): PacelineError {
  return new PacelineError('REQUEST_INVALID', message);
}
