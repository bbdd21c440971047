import type { Statement } from '../api/request.ts';
import { withoutLeadingBlanks } from '../api/sql-text.ts';
import { atStatement, PacelineError } from '../base/errors.ts';

export const SAVEPOINTS_REFUSED =
  'savepoints are set within transaction(), each by an execute() of its own';

const NAME = /("(?:[^"]|"")+"|`(?:[^`]|``)+`|\[[^\]]+\]|[A-Za-z_]\w*)\s*;?\s*$/.source;
const FORMS: readonly (readonly [does: SavepointAction, form: RegExp])[] = [
  ['SAVEPOINT', new RegExp(String.raw`^SAVEPOINT\s+${NAME}`, 'i')],
  ['RELEASE', new RegExp(String.raw`^RELEASE\s+(?:SAVEPOINT\s+)?${NAME}`, 'i')],
  [
    'ROLLBACK TO',
    new RegExp(String.raw`^ROLLBACK\s+(?:TRANSACTION\s+)?TO\s+(?:SAVEPOINT\s+)?${NAME}`, 'i'),
  ],
];

type SavepointAction = 'SAVEPOINT' | 'RELEASE' | 'ROLLBACK TO';

export interface SavepointStatement {
  readonly action: SavepointAction;
  /** Spelt anew: it can be nothing else. */
  readonly sql: string;
}

/** The text as a statement about a savepoint; null if it is something else. */
export function savepointStatement(sql: string): SavepointStatement | null {
  const text = withoutLeadingBlanks(sql);
  for (const [action, form] of FORMS) {
    const name = form.exec(text)?.[1];
    if (name !== undefined) return { action, sql: `${action} ${name}` };
  }
  return null;
}

/**
 * A batch has no savepoints, not even one as its only statement, which the leader cannot tell from an execute.
 * Throws STATEMENT_FORBIDDEN.
 */
export function refuseSavepointAlone([only, ...others]: readonly Statement[]): void {
  if (only === undefined || others.length > 0 || savepointStatement(only.sql) === null) return;
  throw atStatement(new PacelineError('STATEMENT_FORBIDDEN', SAVEPOINTS_REFUSED), 0);
}
