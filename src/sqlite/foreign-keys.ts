import type { Statement } from '../api/request.ts';
import { withoutLeadingBlanks } from '../api/sql-text.ts';
import { atStatement, PacelineError } from '../base/errors.ts';

const PRAGMA = /^PRAGMA\s+foreign_keys\s*=\s*(\w+)\s*;?\s*$/i;
const OFF = /^(off|no|false|0)$/i;

/**
 * Whether a write runs without enforcement of foreign keys: a batch whose first statement switches it off. Rebuilding a
 * table as SQLite’s manual has it (https://sqlite.org/lang_altertable.html, section 7) needs that: DROP TABLE deletes the
 * rows first, and would take along the rows of other tables that refer to them with ON DELETE CASCADE.
 */
export function leavesKeysUnenforced(statements: readonly Statement[]): boolean {
  const [first, second] = statements;
  if (first === undefined || second === undefined) return false;
  const value = switchTo(first.sql);
  return value !== undefined && OFF.test(value);
}

/** Runs the statements but for those that switch enforcement on and off: within a transaction SQLite ignores them. */
export function runWithoutSwitches<T>(
  statements: readonly Statement[],
  run: (statements: readonly Statement[]) => readonly T[],
  nothing: T,
): T[] {
  const isSwitch = statements.map(({ sql }) => switchTo(sql) !== undefined);
  const ran = runAll(
    statements.flatMap((statement, at) => (isSwitch[at] ? [] : [{ statement, at }])),
    run,
  );
  let next = 0;
  return isSwitch.map((skipped) => (skipped ? nothing : ran[next++]!));
}

/** An error names the place that a statement has among all of them. */
function runAll<T>(
  placed: readonly { readonly statement: Statement; readonly at: number }[],
  run: (statements: readonly Statement[]) => readonly T[],
): readonly T[] {
  try {
    return run(placed.map(({ statement }) => statement));
  } catch (error) {
    const index = error instanceof PacelineError ? (error.statementIndex ?? 0) : 0;
    throw atStatement(error, placed[index]?.at ?? index);
  }
}

function switchTo(sql: string): string | undefined {
  return PRAGMA.exec(withoutLeadingBlanks(sql))?.[1];
}
