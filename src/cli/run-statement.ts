import type { Database } from '../api/database.ts';
import type { ExecuteResult, QueryResult } from '../api/request.ts';
import { executeResultToJson, queryResultToJson } from '../api/result-json.ts';
import type { SqlArgs } from '../api/value.ts';
import { PacelineError } from '../base/errors.ts';
import { renderTable } from './table.ts';

type Outcome =
  | { readonly kind: 'read'; readonly result: QueryResult }
  | { readonly kind: 'write'; readonly result: ExecuteResult };

/** Reads stay with the member asked; what it refuses as a write goes to the leader. SQLite decides which is which. */
export async function runStatement(
  database: Database,
  sql: string,
  args?: SqlArgs,
): Promise<Outcome> {
  try {
    return { kind: 'read', result: await database.query(sql, args) };
  } catch (error) {
    if (!(error instanceof PacelineError) || error.code !== 'READ_ONLY') throw error;
    return { kind: 'write', result: await database.execute(sql, args) };
  }
}

export function renderOutcome(outcome: Outcome, json: boolean): string {
  if (json) return JSON.stringify(outcomeToJson(outcome));
  const { columns, rows } = outcome.result;
  const lines = columns.length > 0 ? [renderTable(columns, rows)] : [];
  lines.push(outcome.kind === 'read' ? rowCount(rows.length) : describeWrite(outcome.result));
  return lines.join('\n');
}

function outcomeToJson(outcome: Outcome): object {
  return outcome.kind === 'read'
    ? queryResultToJson(outcome.result)
    : executeResultToJson(outcome.result);
}

function rowCount(rows: number): string {
  return `(${rows} ${rows === 1 ? 'row' : 'rows'})`;
}

function describeWrite({ changes, lastInsertRowid, position }: ExecuteResult): string {
  const rows = `${changes} ${changes === 1 ? 'row' : 'rows'} changed`;
  const place = `committed at term ${position.term}, index ${position.index}`;
  return `${rows}, last rowid ${lastInsertRowid}, ${place}`;
}
