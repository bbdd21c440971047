import type { StatementResult } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import type { ErrorRecord } from '../../src/base/errors.ts';
import type { Step } from './step.ts';

/** A query has no counters; they are 0. Where a way to read tells no names of columns, there are none. */
export interface StepResult extends Omit<StatementResult, 'columns'> {
  readonly columns: readonly string[] | null;
}

/** What a call came to: on plain SQLite, or through a member. */
export type CallOutcome =
  | { readonly results: readonly StepResult[] }
  | { readonly error: ErrorRecord };

/** Of a transaction: what each call came to, and what its end did. */
export interface TransactionOutcome {
  readonly calls: readonly CallOutcome[];
  readonly error: ErrorRecord | null;
}

export type Outcome = CallOutcome | TransactionOutcome;

export function failed(outcome: Outcome): boolean {
  return 'error' in outcome && outcome.error !== null;
}

/**
 * What differs, null if nothing does that should not. An integral REAL and an INTEGER are the same number in JavaScript; where the
 * type matters, statements ask for typeof() and contents are compared with quote().
 */
export function difference(step: Step, plain: Outcome | null, member: Outcome): string | null {
  const [expected, found] = [wanted(step, plain), told(step, plain, member)];
  return expected === found ? null : `expected ${expected}\n    found    ${found}`;
}

function wanted(step: Step, plain: Outcome | null): string {
  if (typeof step.expect === 'object') return `refused ${step.expect.refused}`;
  return describe(step, plain!, null);
}

function told(step: Step, plain: Outcome | null, member: Outcome): string {
  if (typeof step.expect === 'object') {
    const refused = 'calls' in member ? member.calls[0]! : member;
    if ('error' in refused) return `refused ${refused.error.code}`;
  }
  return describe(step, member, plain);
}

/** `like` says what cannot be compared. */
function describe(step: Step, outcome: Outcome, like: Outcome | null): string {
  if (!('calls' in outcome)) return describeCall(step, outcome, like as CallOutcome | null);
  const others = like !== null && 'calls' in like ? like.calls : [];
  const calls = outcome.calls.map((one, i) => describeCall(step, one, others[i] ?? null));
  const end = outcome.error === null ? 'done' : describeError(outcome.error);
  return [...calls, end].join('\n      ');
}

function describeCall(step: Step, outcome: CallOutcome, like: CallOutcome | null): string {
  if (!('error' in outcome)) {
    const others = like !== null && 'results' in like ? like.results : [];
    return outcome.results.map((one, i) => describeResult(step, one, others[i])).join(' | ');
  }
  const known = like === null || !('error' in like) || like.error.sqlite !== undefined;
  const { code, message } = outcome.error;
  return describeError(known ? outcome.error : { code, message });
}

/** Only SQLite's own errors are in SQLite's words. */
function describeError({ code, message, sqlite, statementIndex }: ErrorRecord): string {
  if (code !== 'SQL') return `error ${code}`;
  const at = statementIndex === undefined ? '' : ` at ${statementIndex}`;
  return `error ${code} ${sqlite?.code} ${sqlite?.errcode}${at}: ${message}`;
}

function describeResult(
  { expect, anyOrder }: Step,
  { columns, rows, changes, lastInsertRowid }: StepResult,
  like: StepResult | undefined,
): string {
  const show = expect === 'types' ? typeOf : describeValue;
  const lines = rows.map((row) => `(${row.map(show).join(', ')})`);
  if (anyOrder) lines.sort();
  const names = columns ?? like?.columns ?? [];
  // A rowid may be of chance, too.
  const rowid = expect === 'types' ? typeOf(lastInsertRowid) : lastInsertRowid;
  return `[${names.join(', ')}] ${lines.join(' ')} changes ${changes} rowid ${rowid}`;
}

function typeOf(value: SqlValue): string {
  if (value instanceof Uint8Array) return 'blob';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function describeValue(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return Object.is(value, -0) ? '-0' : String(value);
}
