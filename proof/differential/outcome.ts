import type { StatementResult } from '../../src/api/request.ts';
import type { SqlValue } from '../../src/api/value.ts';
import type { ErrorRecord } from '../../src/base/errors.ts';
import type { Step } from './step.ts';

/** What a step came to: on plain SQLite, or through a member. A query has no counters; they are 0. */
export type Outcome =
  | { readonly results: readonly StatementResult[] }
  | { readonly error: ErrorRecord };

export function failed(outcome: Outcome): outcome is { readonly error: ErrorRecord } {
  return 'error' in outcome;
}

/**
 * What differs, null if nothing does that should not. An integral REAL and an INTEGER are the same number in JavaScript; where the
 * type matters, statements ask for typeof() and contents are compared with quote().
 */
export function difference(step: Step, plain: Outcome | null, member: Outcome): string | null {
  const [expected, found] = [wanted(step, plain), told(step, plain, member)];
  return expected === found ? null : `expected ${expected}\n    found    ${found}`;
}

function wanted({ expect, ...step }: Step, plain: Outcome | null): string {
  if (typeof expect === 'object') return `refused ${expect.refused}`;
  return describe({ expect, ...step }, plain!);
}

function told(step: Step, plain: Outcome | null, member: Outcome): string {
  if (typeof step.expect === 'object' && failed(member)) return `refused ${member.error.code}`;
  if (failed(member) && plain !== null && failed(plain) && plain.error.sqlite === undefined) {
    const { code, message } = member.error;
    return describe(step, { error: { code, message } });
  }
  return describe(step, member);
}

function describe(step: Step, outcome: Outcome): string {
  if (failed(outcome)) {
    const { code, message, sqlite } = outcome.error;
    return `error ${code} ${sqlite?.code} ${sqlite?.errcode}: ${message}`;
  }
  return outcome.results.map((result) => describeResult(step, result)).join(' | ');
}

function describeResult({ expect, anyOrder }: Step, result: StatementResult): string {
  const { columns, rows, changes, lastInsertRowid } = result;
  const show = expect === 'types' ? typeOf : describeValue;
  const lines = rows.map((row) => `(${row.map(show).join(', ')})`);
  if (anyOrder) lines.sort();
  return `[${columns.join(', ')}] ${lines.join(' ')} changes ${changes} rowid ${lastInsertRowid}`;
}

function typeOf(value: SqlValue): string {
  if (value instanceof Uint8Array) return 'blob';
  return typeof value === 'bigint' ? 'number' : typeof value;
}

function describeValue(value: SqlValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Uint8Array) return `x'${Buffer.from(value).toString('hex')}'`;
  return String(value);
}
