import { messageOf, PacelineError } from '../base/errors.ts';
import { printable } from './table.ts';

/** One line about anything thrown: `CODE: what happened; what to do`. */
export function describeError(error: unknown): string {
  if (!(error instanceof PacelineError)) return messageOf(error);
  const sqlite = error.sqlite === undefined ? '' : ` (${error.sqlite.code})`;
  return `${error.code}: ${printable(error.message)}${sqlite}`;
}

export function reportError(line: string): void {
  process.stderr.write(`paceline: ${line}\n`);
}
