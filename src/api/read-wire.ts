import { ByteReader, ByteWriter } from '../base/bytes.ts';
import { type ERROR_CODES, type ErrorRecord, PacelineError } from '../base/errors.ts';
import { checkReadOptions, type ReadOptions } from './read-options.ts';
import type { QueryResult } from './request.ts';
import { decodeToken } from './token.ts';
import type { SqlArgs } from './value.ts';
import {
  decodeError,
  decodeResults,
  decodeWrite,
  encodeError,
  encodeResults,
  encodeWrite,
} from './wire.ts';

/** A read that goes to another member, and what comes back: the binary forms. */
export interface WireRead {
  readonly sql: string;
  readonly args: SqlArgs | undefined;
  /** Without `signal`, which does not travel. */
  readonly options: ReadOptions;
}

export type ReadAnswer =
  | { readonly result: QueryResult; readonly token: string }
  | { readonly error: ErrorRecord };

export function encodeRead({ sql, args, options }: WireRead): Uint8Array {
  const statement = args === undefined ? { sql } : { sql, args };
  const w = new ByteWriter(128).text(JSON.stringify(options));
  return w.raw(encodeWrite({ statements: [statement], id: '', asks: false })).finish();
}

/** Throws RECORD_DAMAGED. */
export function decodeRead(bytes: Uint8Array): WireRead {
  const r = new ByteReader(bytes, 'forwarded read');
  const options = readOptions(r);
  const [statement] = decodeWrite(r.raw(r.remaining)).statements;
  if (statement === undefined) throw r.damaged('no statement');
  const { sql, args } = statement;
  // What has no arguments is written as an empty list.
  return { sql, args: Array.isArray(args) && args.length === 0 ? undefined : args, options };
}

function readOptions(r: ByteReader): ReadOptions {
  try {
    const options: unknown = JSON.parse(r.text());
    checkReadOptions(options);
    return options;
  } catch (error) {
    throw r.damaged(error instanceof Error ? error.message : String(error));
  }
}

export function encodeReadAnswer(answer: ReadAnswer): Uint8Array {
  const w = new ByteWriter(128);
  if ('error' in answer) return w.u8(0).raw(encodeError(answer.error)).finish();
  const { columns, rows } = answer.result;
  const results = encodeResults([{ columns, rows, changes: 0, lastInsertRowid: 0 }]);
  return w.u8(1).text(answer.token).raw(results).finish();
}

/** Throws RECORD_DAMAGED. */
export function decodeReadAnswer(bytes: Uint8Array): ReadAnswer {
  const r = new ByteReader(bytes, 'answer to a forwarded read');
  if (r.u8() === 0) return { error: decodeError(r.raw(r.remaining)) };
  const token = r.text();
  checkToken(r, token);
  const [result] = decodeResults(r.raw(r.remaining));
  if (result === undefined) throw r.damaged('no result');
  return { token, result: { columns: result.columns, rows: result.rows } };
}

function checkToken(r: ByteReader, token: string): void {
  try {
    decodeToken(token);
  } catch (error) {
    if (error instanceof PacelineError) throw r.damaged(error.message);
    throw error;
  }
}

/** Whether another member may be able to serve a read that ended so here. */
export function isNotServedHere(error: unknown): boolean {
  return error instanceof PacelineError && NOT_SERVED.has(error.code);
}

const NOT_SERVED: ReadonlySet<keyof typeof ERROR_CODES> = new Set([
  'LAGGING',
  'NO_LEADER',
  'NOT_READY',
]);
