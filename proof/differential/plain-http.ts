import type { StatementResult } from '../../src/api/request.ts';
import type { SqlArgs, SqlValue } from '../../src/api/value.ts';
import { assert } from '../../src/base/assert.ts';
import { type ErrorRecord, PacelineError } from '../../src/base/errors.ts';
import { MemberDied } from '../../test/cluster/member.ts';
import type { DifferentialStatement } from './step.ts';

/** What an answer has, by docs/http.md. */
interface Answer {
  readonly columns: string[];
  readonly rows: unknown[][];
  readonly changes: number;
  readonly lastInsertRowid: unknown;
  readonly results: Answer[];
  readonly position: { readonly term: number; readonly index: number };
  readonly token: string;
}

/**
 * A member's HTTP as a program uses it that has nothing but docs/http.md: what it sends, and how it reads answers, is written
 * after that page, with none of the code that the server and the client share.
 */
export async function post(url: string, route: string, body: object): Promise<Answer> {
  const sent = { method: 'POST', body: JSON.stringify(body) };
  // Whether it has arrived is not known.
  const response = await fetch(`${url}${route}`, sent).catch((error) => {
    throw new MemberDied(`${url}: ${error}`);
  });
  const text = await response.text().catch((error) => {
    throw new MemberDied(`${url}: ${error}`);
  });
  const json: unknown = JSON.parse(text);
  if (response.status === 200) return json as Answer;
  throw errorOf(response.status, json as ErrorRecord & { readonly category: string });
}

/** By the table of statuses. */
const CATEGORY_OF: Readonly<Record<number, string>> = {
  400: 'rejected',
  413: 'rejected',
  421: 'redirect',
  500: 'fault',
  503: 'retryable',
  504: 'unknown-outcome',
};

function errorOf(
  status: number,
  { category, ...record }: ErrorRecord & { readonly category: string },
): PacelineError {
  const known = CATEGORY_OF[status] === category || (status === 503 && record.code === 'CLOSED');
  assert(known, `status ${status} with ${JSON.stringify({ category, ...record })}`);
  return PacelineError.fromRecord(record);
}

export function statementBody({ sql, args }: DifferentialStatement): object {
  return args === undefined ? { sql } : { sql, args: argsBody(args) };
}

function argsBody(args: SqlArgs): unknown {
  if (Array.isArray(args)) return args.map(toJson);
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, toJson(value)]));
}

export function resultOf({ columns, rows, changes, lastInsertRowid }: Answer): StatementResult {
  const rowid = fromJson(lastInsertRowid) as number | bigint;
  return { columns, rows: rowsOf(rows), changes, lastInsertRowid: rowid };
}

export function rowsOf(rows: readonly unknown[][]): SqlValue[][] {
  return rows.map((row) => row.map(fromJson));
}

/** By the table of values, downwards. */
function toJson(value: SqlValue): unknown {
  if (value === null || typeof value === 'string') return value;
  if (value instanceof Uint8Array) return { $blob: Buffer.from(value).toString('base64') };
  const isPlain = Number.isSafeInteger(Number(value)) && !Object.is(value, -0);
  if (typeof value === 'bigint') return isPlain ? Number(value) : { $integer: String(value) };
  return isPlain || (Number.isFinite(value) && !Number.isInteger(value))
    ? value
    : { $real: Object.is(value, -0) ? '-0.0' : String(value) };
}

function fromJson(json: unknown): SqlValue {
  if (json === null || typeof json === 'string' || typeof json === 'number') return json;
  const entries = Object.entries(json as Record<string, string>);
  assert(entries.length === 1, `no value: ${JSON.stringify(json)}`);
  const [[kind, text]] = entries as [[string, string]];
  if (kind === '$integer') return BigInt(text);
  if (kind === '$real') return Number(text);
  assert(kind === '$blob', `no value: ${JSON.stringify(json)}`);
  return Uint8Array.from(Buffer.from(text, 'base64'));
}
