/** Results as JSON: the bodies that the HTTP server writes and the client reads. */
import { PacelineError } from '../base/errors.ts';
import type { Reached } from './durability.ts';
import { type JsonValue, valueFromJson, valueToJson } from './json.ts';
import type {
  BatchResult,
  ExecuteResult,
  Position,
  QueryResult,
  Receipt,
  StatementResult,
} from './request.ts';
import type { Status } from './status.ts';
import { decodeToken, encodeToken } from './token.ts';
import type { SqlValue } from './value.ts';

export interface JsonQueryResult {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly JsonValue[])[];
}

export interface JsonStatementResult extends JsonQueryResult {
  readonly changes: number;
  readonly lastInsertRowid: JsonValue;
}

export interface JsonExecuteResult extends JsonStatementResult, Receipt {}

export interface JsonBatchResult extends Receipt {
  readonly results: readonly JsonStatementResult[];
}

export function queryResultToJson(result: QueryResult): JsonQueryResult {
  const rows = result.rows.map((row) => row.map((value) => valueToJson(value)));
  return { columns: result.columns, rows };
}

function statementResultToJson(result: StatementResult): JsonStatementResult {
  const { changes } = result;
  return {
    ...queryResultToJson(result),
    changes,
    lastInsertRowid: valueToJson(result.lastInsertRowid),
  };
}

export function executeResultToJson(result: ExecuteResult): JsonExecuteResult {
  return { ...statementResultToJson(result), ...receiptToJson(result) };
}

export function batchResultToJson(result: BatchResult): JsonBatchResult {
  const results = result.results.map(statementResultToJson);
  return { results, ...receiptToJson(result) };
}

function receiptToJson({ position, id, reached, elapsedMs }: Receipt): Receipt {
  const { committed, members } = reached;
  const { term, index } = position;
  return { position: { term, index }, id, reached: { committed, members }, elapsedMs };
}

/** From here on: RECORD_DAMAGED for anything that the functions above would not have written. */
export function queryResultFromJson(json: unknown): QueryResult {
  const { columns, rows } = objectOf(json, 'the result');
  if (!Array.isArray(columns) || columns.some((name) => typeof name !== 'string'))
    throw damaged('"columns" is not a list of names');
  const values = listOf(rows, 'rows').map((row, i) => {
    const list = listOf(row, `rows[${i}]`);
    if (list.length !== columns.length) throw damaged(`rows[${i}] does not fit "columns"`);
    return list.map((value, k) => resultValue(value, `rows[${i}][${k}]`));
  });
  return { columns, rows: values };
}

/** The token that comes with the result of a query. */
export function tokenFromJson(json: unknown): string {
  const { token } = objectOf(json, 'the result');
  if (typeof token !== 'string') throw damaged('"token" is not a text');
  return encodeToken(decodeToken(token));
}

function statementResultFromJson(json: unknown): StatementResult {
  const { changes, lastInsertRowid } = objectOf(json, 'the result');
  const rowid = resultValue(lastInsertRowid, 'lastInsertRowid');
  if (typeof rowid !== 'number' && typeof rowid !== 'bigint')
    throw damaged('"lastInsertRowid" is not an integer');
  return {
    ...queryResultFromJson(json),
    changes: countOf(changes, 'changes'),
    lastInsertRowid: rowid,
  };
}

export function executeResultFromJson(json: unknown): ExecuteResult {
  return { ...statementResultFromJson(json), ...receiptFromJson(json) };
}

export function batchResultFromJson(json: unknown): BatchResult {
  const { results } = objectOf(json, 'the result');
  return {
    results: listOf(results, 'results').map(statementResultFromJson),
    ...receiptFromJson(json),
  };
}

/** Checks the outline only: a newer member may tell more. */
export function statusFromJson(json: unknown): Status {
  const { id, role, members } = objectOf(json, 'the status');
  if (typeof id !== 'string' || typeof role !== 'string') throw damaged('no "id" and "role"');
  listOf(members, 'members');
  return json as Status;
}

function receiptFromJson(json: unknown): Receipt {
  const { position, id, reached, elapsedMs } = objectOf(json, 'the result');
  if (id !== null && typeof id !== 'string') throw damaged('"id" is not a request id');
  if (typeof elapsedMs !== 'number') throw damaged('"elapsedMs" is not a number');
  return { position: positionFromJson(position), id, reached: reachedFromJson(reached), elapsedMs };
}

function reachedFromJson(json: unknown): Reached {
  const { committed, members } = objectOf(json, 'reached');
  if (typeof committed !== 'boolean') throw damaged('"committed" is not a boolean');
  if (members === null) return { committed, members };
  const names = listOf(members, 'members');
  if (names.some((name) => typeof name !== 'string')) throw damaged('"members" are not names');
  return { committed, members: names as string[] };
}

function positionFromJson(json: unknown): Position {
  const { term, index } = objectOf(json, 'position');
  return { term: countOf(term, 'term'), index: countOf(index, 'index') };
}

function resultValue(json: unknown, place: string): SqlValue {
  try {
    return valueFromJson(json, place);
  } catch (error) {
    if (error instanceof PacelineError) throw damaged(error.message);
    throw error;
  }
}

function objectOf(json: unknown, what: string): Record<string, unknown> {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw damaged(`${what} is not an object`);
  return json as Record<string, unknown>;
}

function listOf(json: unknown, what: string): unknown[] {
  if (!Array.isArray(json)) throw damaged(`"${what}" is not a list`);
  return json;
}

function countOf(json: unknown, what: string): number {
  if (typeof json !== 'number' || !Number.isSafeInteger(json) || json < 0)
    throw damaged(`"${what}" is not a count`);
  return json;
}

function damaged(why: string): PacelineError {
  const hint = 'check that the address is that of a Paceline member of this version';
  return new PacelineError('RECORD_DAMAGED', `not an answer of Paceline: ${why}; ${hint}`);
}
